// Clients whose final answer is written. Invariant: while there are some, the timer runs. All functions
// run on their lane's thread.
#pragma once

#include <chrono>
#include <functional>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "envelope.hpp"
#include "socket.hpp"

namespace proxy {

/// Lets each be for one or two seconds, so that it can read its answer, and then ends it, whatever it does.
class LingeringClients {
 public:
  LingeringClients(asio::io_context& io, std::function<void(ClientId)> end)
      : end_(std::move(end)), timer_(io) {}

  void add(ClientId id) {
    this_second_.push_back(id);
    if (this_second_.size() == 1 && last_second_.empty()) start_timer();
  }

 private:
  void start_timer() {
    timer_.expires_after(std::chrono::seconds(1));
    timer_.async_wait([this](ErrorCode) {
      for (const ClientId id : last_second_) end_(id);
      last_second_ = std::exchange(this_second_, {});
      if (!last_second_.empty()) start_timer();
    });
  }

  std::function<void(ClientId)> end_;
  asio::steady_timer timer_;
  std::vector<ClientId> this_second_, last_second_;
};

}  // namespace proxy
