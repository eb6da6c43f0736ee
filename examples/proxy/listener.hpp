// Accepts clients up to a limit and hands them out. Used by the thread of the io_context it was
// given.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <boost/asio/steady_timer.hpp>

#include "socket.hpp"

namespace proxy {

class Listener {
 public:
  /// Where the next client goes: its io_context, and what takes it. Without an io_context there is
  /// no room for it.
  struct Place {
    asio::io_context* io = nullptr;
    std::function<void(Socket)> adopt;
  };
  using NextPlace = std::function<Place()>;

  /// Throws std::runtime_error if the address cannot be listened on. Port 0: any free one.
  Listener(asio::io_context& io, const tcp::endpoint& address, NextPlace next_place);

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  std::uint64_t accepted() const noexcept { return accepted_; }
  std::uint64_t refused() const noexcept { return refused_; }
  void close();

 private:
  void listen_on(const tcp::endpoint& address);
  void wait();
  void accept_all();
  bool accept_one(const Place& place);
  void pause();

  asio::io_context& io_;
  Acceptor acceptor_;
  asio::steady_timer pause_;
  NextPlace next_place_;
  std::uint64_t accepted_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace proxy
