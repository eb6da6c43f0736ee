// Latencies in buckets whose width is 1/64 of their value: a fixed size, and an error below 2 %.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace proxy {

class Histogram {
 public:
  void add(std::uint64_t value, std::uint64_t times) noexcept {
    counts_[bucket_of(std::min(value, largest))] += times;
    total_ += times;
  }

  /// A value that at least `per_mille` of 1,000 values do not exceed; 0 if there are none.
  std::uint64_t quantile(std::uint64_t per_mille) const noexcept {
    const std::uint64_t rank = (total_ * per_mille + 999) / 1000;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size() && total_ > 0; ++i) {
      seen += counts_[i];
      if (seen >= rank) return upper_end(i);
    }
    return 0;
  }

 private:
  static constexpr unsigned fine_bits = 6;
  static constexpr std::uint64_t fine = 1u << fine_bits;
  static constexpr unsigned doublings = 36;
  static constexpr std::uint64_t largest = (fine << doublings) - 1;

  /// Below `fine` each value has its bucket; above, each power of two has `fine` of them.
  static std::size_t bucket_of(std::uint64_t value) noexcept {
    if (value < fine) return value;
    const unsigned doubling = static_cast<unsigned>(std::bit_width(value)) - fine_bits;
    return doubling * (fine / 2) + (value >> doubling);
  }

  static std::uint64_t upper_end(std::size_t bucket) noexcept {
    if (bucket < fine) return bucket;
    const std::size_t doubling = bucket / (fine / 2) - 1;
    return ((bucket - doubling * (fine / 2) + 1) << doubling) - 1;
  }

  std::array<std::uint64_t, fine + doublings*(fine / 2)> counts_{};
  std::uint64_t total_ = 0;
};

}  // namespace proxy
