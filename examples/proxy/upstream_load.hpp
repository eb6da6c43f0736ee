// How many bytes wait for the upstream connection, and when clients must not be read because of
// them. Thread-safe: the clients' threads add, the upstream connection's thread subtracts.
#pragma once

#include <atomic>
#include <cstddef>

namespace proxy {

class UpstreamLoad {
 public:
  explicit UpstreamLoad(std::size_t limit_bytes) noexcept : limit_bytes_(limit_bytes) {}

  void add(std::size_t bytes) noexcept { waiting_bytes_ += bytes; }

  /// True if a client is not to be read now; then subtract() will tell when it may be.
  bool must_pause() noexcept {
    if (waiting_bytes_ < limit_bytes_) return false;
    // Announced before the second look: either subtract() sees the announcement, or this sees what
    // it subtracted. Sequentially consistent, as both must agree on one order.
    paused_ = true;
    return waiting_bytes_ >= limit_bytes_;
  }

  /// True if the paused clients may go on.
  bool subtract(std::size_t bytes) noexcept {
    return (waiting_bytes_ -= bytes) <= limit_bytes_ / 2 && paused_.exchange(false);
  }

 private:
  std::atomic<std::size_t> waiting_bytes_ = 0;
  std::atomic<bool> paused_ = false;
  std::size_t limit_bytes_;
};

}  // namespace proxy
