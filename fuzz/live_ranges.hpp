// The memory that somebody holds. Two holders of one byte are found out when the second comes.
// Thread-safe: who gives memory back takes it out here first.
#pragma once

#include <cstddef>
#include <functional>
#include <iterator>
#include <map>
#include <mutex>
#include <span>

#include "require.hpp"

namespace fuzz {

class LiveRanges {
 public:
  using Range = std::span<const std::byte>;

  void add(Range range) {
    if (range.empty()) return;
    const std::lock_guard lock(mutex_);
    require(is_apart(range), "two live ranges overlap");
    ends_.emplace(range.data(), range.data() + range.size());
  }
  void remove(Range range) {
    if (range.empty()) return;
    const std::lock_guard lock(mutex_);
    require(ends_.erase(range.data()) == 1, "a range was removed that is not live");
  }
  /// What is being filled is no slice yet, and moves.
  void require_apart(Range range) {
    if (range.empty()) return;
    const std::lock_guard lock(mutex_);
    require(is_apart(range), "what is being filled overlaps a live range");
  }

 private:
  [[nodiscard]] bool is_apart(Range range) const {
    const auto next = ends_.lower_bound(range.data());
    const std::less_equal<> not_after;
    return (next == ends_.end() || not_after(range.data() + range.size(), next->first)) &&
           (next == ends_.begin() || not_after(std::prev(next)->second, range.data()));
  }

  std::mutex mutex_;
  std::map<const std::byte*, const std::byte*, std::less<>> ends_;  // by begin
};

}  // namespace fuzz
