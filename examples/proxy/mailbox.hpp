// Hands batches of messages to the thread of an io_context. Many threads put, that thread receives.
// Invariant: at most one wake-up is on its way, so that a busy receiver costs its senders a short
// lock and no system call.
#pragma once

#include <functional>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

#include "handler_memory.hpp"
#include "socket.hpp"

namespace proxy {

template <class Message>
class Mailbox {
 public:
  using Receive = std::function<void(std::vector<Message>&)>;

  Mailbox(asio::io_context& io, Receive receive) : io_(io), receive_(std::move(receive)) {}

  /// Takes the messages out of `batch`, which gets its memory, or that of an earlier batch, back
  /// empty.
  void put(std::vector<Message>& batch) {
    if (batch.empty()) return;
    if (append(batch)) asio::post(io_, MemoryHandler(wake_memory_, [this] { deliver(); }));
  }

 private:
  /// True if the receiver has to be woken.
  bool append(std::vector<Message>& batch) {
    const std::scoped_lock lock(mutex_);
    if (arrived_.empty()) {
      arrived_.swap(batch);
    } else {
      arrived_.insert(arrived_.end(), std::move_iterator(batch.begin()),
                      std::move_iterator(batch.end()));
      batch.clear();
    }
    return !std::exchange(waking_, true);
  }

  void deliver() {
    {
      const std::scoped_lock lock(mutex_);
      arrived_.swap(delivered_);
      waking_ = false;
    }
    receive_(delivered_);
    delivered_.clear();
  }

  asio::io_context& io_;
  Receive receive_;
  HandlerMemory wake_memory_;
  std::mutex mutex_;
  bool waking_ = false;             // under mutex_
  std::vector<Message> arrived_;    // under mutex_
  std::vector<Message> delivered_;  // the receiver's
};

}  // namespace proxy
