// How many bytes all clients together make the proxy hold, replies unread and commands unfinished,
// and when that is too much. Thread-safe: each lane counts for itself and tells the changes.
// Invariant: whenever the total is beyond the limit, every lane has been asked to shed since, or is
// about to be.
#pragma once

#include <atomic>
#include <cstddef>

namespace proxy {

class HeldBytes {
 public:
  HeldBytes(std::size_t limit_bytes, std::size_t lanes) noexcept
      : limit_bytes_(limit_bytes), lane_bytes_(limit_bytes / lanes) {}

  /// What one lane holds was `before` and is `now`. True if the caller is to ask all lanes to
  /// shed.
  bool change(std::size_t before, std::size_t now) noexcept {
    // Sequentially consistent: either a lane that begins to shed sees this total, or this sees that
    // it has begun, and asks again.
    return (total_bytes_ += now - before) > limit_bytes_ && !asked_.exchange(true);
  }

  /// A lane begins to shed: what is added from now on is not its affair any more.
  void begin_to_shed() noexcept { asked_ = false; }

  /// True for one lane at least while the total is beyond the limit.
  bool must_shed(std::size_t lane_bytes) const noexcept {
    return total_bytes_ > limit_bytes_ && lane_bytes > lane_bytes_;
  }

 private:
  std::atomic<std::size_t> total_bytes_ = 0;
  std::atomic<bool> asked_ = false;
  std::size_t limit_bytes_;
  std::size_t lane_bytes_;
};

}  // namespace proxy
