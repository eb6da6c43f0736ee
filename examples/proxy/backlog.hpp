// How many bytes wait for a thread, or for its connection, and when those who add to them must not
// go on. Thread-safe: some threads add, others subtract.
#pragma once

#include <atomic>
#include <cstddef>

namespace proxy {

class Backlog {
 public:
  explicit Backlog(std::size_t limit_bytes) noexcept : limit_bytes_(limit_bytes) {}

  void add(std::size_t bytes) noexcept { waiting_bytes_ += bytes; }

  /// True: whoever asks is not to go on now; then a subtract() will tell when it may.
  bool must_pause() noexcept {
    if (waiting_bytes_ < limit_bytes_) return false;
    // Announced before the second look: either subtract() sees the announcement, or this sees what
    // it subtracted. Sequentially consistent, as both must agree on one order.
    paused_ = true;
    return waiting_bytes_ >= limit_bytes_;
  }

  /// True: those that paused may go on.
  bool subtract(std::size_t bytes) noexcept {
    return (waiting_bytes_ -= bytes) <= limit_bytes_ / 2 && paused_.exchange(false);
  }

 private:
  std::atomic<std::size_t> waiting_bytes_ = 0;
  std::atomic<bool> paused_ = false;
  std::size_t limit_bytes_;
};

}  // namespace proxy
