// A block that somebody holds, with a pattern of its own at both ends: a byte that another holder wrote, or
// the allocator itself, does not fit. What lies between is in the LiveRanges alone.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "live_ranges.hpp"
#include "require.hpp"
#include "support/bytes.hpp"

namespace fuzz {

struct HeldBlock {
  std::byte* data;
  std::size_t bytes;  // as asked for
  std::size_t alignment;
  std::uint64_t stamp;

  /// One of no bytes has an address of its own all the same.
  [[nodiscard]] LiveRanges::Range range() const { return {data, std::max<std::size_t>(bytes, 1)}; }
  void require_aligned() const {
    require(reinterpret_cast<std::uintptr_t>(data) % alignment == 0, "a block is not aligned");
  }
  void write() const {
    bufferpool::test::write_pattern(front(), stamp);
    bufferpool::test::write_pattern(back(), stamp + 1);
  }
  /// The first `most` bytes of what was written.
  void check(std::size_t most = SIZE_MAX) const {
    const std::span<std::byte> kept = front().first(std::min(front().size(), most));
    require(bufferpool::test::holds_pattern(kept, stamp), "the front of a block has changed");
    if (most < bytes) return;
    require(bufferpool::test::holds_pattern(back(), stamp + 1), "the end of a block has changed");
  }

 private:
  static constexpr std::size_t kStamped = 1024;

  [[nodiscard]] std::span<std::byte> front() const { return {data, std::min(bytes, kStamped)}; }
  [[nodiscard]] std::span<std::byte> back() const {
    return std::span(data, bytes).last(std::min(bytes - front().size(), kStamped));
  }
};

}  // namespace fuzz
