// Slices that somebody holds, each beside a copy of what it must hold. One owner; the LiveRanges may be
// shared with the holders of other slices, on other threads.
#pragma once

#include <cstddef>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "live_ranges.hpp"
#include "require.hpp"
#include <bufferpool/slice.hpp>

namespace fuzz {

using Bytes = std::vector<std::byte>;

[[nodiscard]] inline bool is_equal(LiveRanges::Range bytes, const Bytes& expected) {
  return bytes.size() == expected.size() &&
         (bytes.empty() || std::memcmp(bytes.data(), expected.data(), bytes.size()) == 0);
}

struct LiveSlice {
  bufferpool::Slice slice;
  Bytes expected;

  [[nodiscard]] LiveRanges::Range range() const { return slice; }
  void check() const {
    require(is_equal(range(), expected), "the bytes of a live slice have changed");
  }
};

class LiveSlices {
 public:
  explicit LiveSlices(LiveRanges& ranges) : ranges_(ranges) {}
  LiveSlices(const LiveSlices&) = delete;
  LiveSlices& operator=(const LiveSlices&) = delete;
  ~LiveSlices() {
    while (!empty()) drop(0);
  }

  [[nodiscard]] std::size_t size() const noexcept { return live_.size(); }
  [[nodiscard]] bool empty() const noexcept { return live_.empty(); }

  /// Frozen just now: no one else may hold a byte of it.
  void add(LiveSlice live) {
    if (live.expected.empty()) return;
    live.check();
    ranges_.add(live.range());
    live_.push_back(std::move(live));
  }
  /// From another holder's give_away(). It stays in the ranges.
  void receive(LiveSlice live) { live_.push_back(std::move(live)); }
  [[nodiscard]] LiveSlice give_away(std::size_t which) {
    std::swap(live_[which], live_.back());
    LiveSlice live = std::move(live_.back());
    live_.pop_back();
    return live;
  }

  void drop(std::size_t which) {
    const LiveSlice live = give_away(which);
    live.check();
    ranges_.remove(live.range());
  }

  /// Does something to one of them. `Choice` has below(limit).
  template <class Choice>
  void disturb(Choice& choice) {
    if (empty()) return;
    const std::size_t which = choice.below(size());
    LiveSlice& live = live_[which];
    live.check();
    const std::size_t at = choice.below(live.slice.size() + 1);
    switch (choice.below(8)) {
      case 0:
        return split(which, at);
      case 1:
        return shorten(live, at);
      case 2:
        return rewrite(live, at);
      case 3:
        return detach(live);
      case 4:
        return share(which);
      default:
        return drop(which);
    }
  }

 private:
  void split(std::size_t which, std::size_t at) {
    LiveSlice rest = give_away(which);
    ranges_.remove(rest.range());
    const auto middle = rest.expected.begin() + static_cast<std::ptrdiff_t>(at);
    LiveSlice first{rest.slice.split(at), Bytes(rest.expected.begin(), middle)};
    rest.expected.erase(rest.expected.begin(), middle);
    add(std::move(first));
    add(std::move(rest));
  }

  /// By `bytes` in front, and as many behind.
  void shorten(LiveSlice& live, std::size_t bytes) {
    if (2 * bytes >= live.slice.size()) return;
    ranges_.remove(live.range());
    live.slice.remove_prefix(bytes);
    live.slice.remove_suffix(bytes);
    live.expected.erase(live.expected.begin(),
                        live.expected.begin() + static_cast<std::ptrdiff_t>(bytes));
    live.expected.resize(live.slice.size());
    ranges_.add(live.range());
  }

  static void rewrite(LiveSlice& live, std::size_t from) {
    for (std::size_t at = from; at < live.slice.size(); ++at) {
      live.slice[at] = live.expected[at] = ~live.expected[at];
    }
  }

  void detach(LiveSlice& live) {
    ranges_.remove(live.range());
    live.slice = live.slice.detach();
    ranges_.add(live.range());
    require(!live.slice.is_pooled(), "a detached slice is pooled");
  }

  void share(std::size_t which) {
    LiveSlice live = give_away(which);
    const LiveRanges::Range range = live.range();
    std::optional<bufferpool::SharedSlice> first = live.slice.share();
    const bufferpool::SharedSlice second =
        *first;  // NOLINT(performance-unnecessary-copy-initialization)
    first.reset();
    require(is_equal(second, live.expected), "the bytes of a shared slice have changed");
    ranges_.remove(range);
  }

  LiveRanges& ranges_;
  std::vector<LiveSlice> live_;
};

}  // namespace fuzz
