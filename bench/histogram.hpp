// How often each length of time was seen. 16 buckets to a power of two: what it tells is at most a
// sixteenth too long, never too short. Recording allocates nothing; one thread at a time.
//
//     bucket   0      1      ...  31       32        33        ...  47        48        ...
//     values   0, 1   2      ...  32       33, 34    35, 36    ...  63, 64    65..68    ...
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>

namespace bench {

class alignas(64) Histogram {  // so that two threads' never share a line
 public:
  /// Of values up to 2^63.
  void record(std::uint64_t value) noexcept { ++counts_[bucket_of(value)]; }

  Histogram& operator+=(const Histogram& other) noexcept {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    return *this;
  }

  [[nodiscard]] std::uint64_t count() const noexcept {
    return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
  }

  /// Exact where `value` is at most 32 or a power of two.
  [[nodiscard]] std::uint64_t count_up_to(std::uint64_t value) const noexcept {
    const auto end = counts_.begin() + static_cast<std::ptrdiff_t>(bucket_of(value)) + 1;
    return std::accumulate(counts_.begin(), end, std::uint64_t{0});
  }

  /// What at least `fraction` of the values do not exceed; 0 if there are none.
  [[nodiscard]] std::uint64_t quantile(double fraction) const noexcept {
    const double wanted = fraction * static_cast<double>(count());
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (counts_[i] != 0 && static_cast<double>(seen) >= wanted) return largest_in(i);
    }
    return 0;
  }

 private:
  static constexpr std::size_t buckets_of_power = 16;
  static constexpr int bits_of_bucket = 5;  // what is left of a value: 16 to 31

  static std::size_t bucket_of(std::uint64_t value) noexcept {
    const std::uint64_t below = value - (value != 0);  // for a bucket holds its upper end
    const int width = static_cast<int>(std::bit_width(below));
    if (width <= bits_of_bucket) return below;
    const auto dropped_bits = static_cast<std::size_t>(width - bits_of_bucket);
    return dropped_bits * buckets_of_power + (below >> dropped_bits);
  }

  static std::uint64_t largest_in(std::size_t bucket) noexcept {
    if (bucket < 2 * buckets_of_power) return bucket + 1;
    const std::size_t dropped_bits = bucket / buckets_of_power - 1;
    return (bucket % buckets_of_power + buckets_of_power + 1) << dropped_bits;
  }

  std::array<std::uint64_t, (64 - bits_of_bucket + 2) * buckets_of_power> counts_{};
};

}  // namespace bench
