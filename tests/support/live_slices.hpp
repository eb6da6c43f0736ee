// The slices that a random test has received and not dropped yet, with what each must still hold.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/slice.hpp"

namespace bufferpool::test {

using Bytes = std::vector<std::byte>;

[[nodiscard]] inline bool equal(std::span<const std::byte> left, std::span<const std::byte> right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end());
}

class LiveSlices {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return live_.size(); }
  [[nodiscard]] bool empty() const noexcept { return live_.empty(); }

  void add(Slice slice, Bytes expected) {
    ASSERT_EQ(slice.size(), expected.size());
    live_.push_back({std::move(slice), {}, std::move(expected)});
    check(live_.back());
  }

  /// Does something to a random one: drops it, or splits, shares, shortens, copies it out.
  template <class Random>
  void disturb(Random& random) {
    if (live_.empty()) return;
    std::swap(live_[random() % live_.size()], live_.back());
    Live& live = live_.back();
    check(live);
    if (live.slice.empty()) return disturb_shared(live, random);
    const std::size_t at = random() % (live.slice.size() + 1);
    switch (random() % 8) {
      case 0:
        return split(at);
      case 1:
        return share(live);
      case 2:
        return remove_prefix(live, at);
      case 3:
        return remove_suffix(live, at);
      case 4:
        return write(live, random());
      case 5:
        return detach(live);
      default:
        live_.pop_back();
    }
  }

  template <class Random>
  void drop_all(Random& random) {
    std::shuffle(live_.begin(), live_.end(), random);
    for (; !live_.empty(); live_.pop_back()) check(live_.back());
  }

  /// No two overlap, none overlaps `filled`, and all hold what they should.
  void check_all(std::span<const std::byte> filled) const {
    std::vector<std::span<const std::byte>> ranges{filled};
    for (const Live& live : live_) {
      check(live);
      ranges.push_back(bytes_of(live));
    }
    std::erase_if(ranges, [](const auto& range) { return range.empty(); });
    std::sort(ranges.begin(), ranges.end(),
              [](const auto& a, const auto& b) { return a.data() < b.data(); });
    for (std::size_t i = 1; i < ranges.size(); ++i) {
      ASSERT_LE(ranges[i - 1].data() + ranges[i - 1].size(), ranges[i].data()) << "two overlap";
    }
  }

 private:
  struct Live {
    Slice slice;  // or, where it was shared:
    std::vector<SharedSlice> copies;
    Bytes expected;
  };

  static std::span<const std::byte> bytes_of(const Live& live) {
    if (!live.copies.empty()) return {live.copies.back().data(), live.copies.back().size()};
    return {live.slice.data(), live.slice.size()};
  }
  static void check(const Live& live) {
    ASSERT_TRUE(equal(bytes_of(live), live.expected)) << "the bytes of a live slice have changed";
  }

  void split(std::size_t at) {
    Live& live = live_.back();
    const auto middle = live.expected.begin() + static_cast<std::ptrdiff_t>(at);
    Slice first = live.slice.split(at);
    Bytes first_bytes(live.expected.begin(), middle);
    live.expected.erase(live.expected.begin(), middle);
    live_.push_back({std::move(first), {}, std::move(first_bytes)});
  }
  static void share(Live& live) { live.copies.assign(3, live.slice.share()); }
  static void remove_prefix(Live& live, std::size_t bytes) {
    live.slice.remove_prefix(bytes);
    live.expected.erase(live.expected.begin(),
                        live.expected.begin() + static_cast<std::ptrdiff_t>(bytes));
  }
  static void remove_suffix(Live& live, std::size_t bytes) {
    live.slice.remove_suffix(bytes);
    live.expected.resize(live.expected.size() - bytes);
  }
  static void write(Live& live, std::uint64_t value) {
    live.slice[value % live.slice.size()] = static_cast<std::byte>(value >> 56);
    live.expected[value % live.slice.size()] = static_cast<std::byte>(value >> 56);
  }
  static void detach(Live& live) { live.slice = live.slice.detach(); }

  template <class Random>
  void disturb_shared(Live& live, Random& random) {
    if (!live.copies.empty()) live.copies.pop_back();
    if (live.copies.empty()) return live_.pop_back();
    if (random() % 4 == 0) live.copies.push_back(live.copies.front());
  }

  std::vector<Live> live_;
};

}  // namespace bufferpool::test
