// What a PoolResource tells about itself.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "bufferpool/size_class.hpp"

namespace bufferpool {

/// Of one size class, or of all runs. A snapshot; while threads use the resource its numbers may be of
/// slightly different moments.
struct BlockStats {
  std::size_t block_bytes = 0;  ///< length of a block; 0 for runs, whose lengths differ
  /// Of the requests that are no longer than a block, those up to here are served with whole slots, which are shorter.
  std::size_t whole_slots_bytes = 0;
  std::uint64_t in_use = 0;  ///< blocks held by callers
  std::uint64_t cached = 0;  ///< free blocks in the magazines of threads
  /// Most blocks in use at one time. Exact while one thread uses the resource; with several never too
  /// low, and too high by at most what their magazines held.
  std::uint64_t peak = 0;
  /// What the callers asked for, of the blocks in use: from 0 to handed_out_bytes. It drifts where blocks are given
  /// back with another length than they were asked for, as allocate_at_least() and Boost's vectors allow.
  std::uint64_t asked_bytes = 0;
  /// What those blocks take; not what their slabs leave over behind the last block.
  std::uint64_t handed_out_bytes = 0;
  std::uint64_t upstream_calls = 0;  ///< requests that upstream served, since construction
};

struct PoolResourceStats {
  std::array<BlockStats, detail::kSizeClasses> classes{};
  BlockStats runs;                      ///< blocks above the largest class: whole slots
  std::uint64_t upstream_blocks = 0;    ///< held by callers, in upstream's memory
  std::uint64_t metadata_bytes = 0;     ///< reserved for bookkeeping, committed as it is needed
  std::size_t largest_class_bytes = 0;  ///< longer blocks are runs

  /// Of the class that serves `bytes`, aligned to a power of two up to the slots', or of the runs. What asks a
  /// std::pmr::memory_resource for bytes alone gets them aligned to 16.
  [[nodiscard]] const BlockStats& of(std::size_t bytes, std::size_t alignment = 1) const noexcept {
    if (bytes > largest_class_bytes) return runs;
    const std::size_t asked = (((bytes != 0 ? bytes : 1) - 1) | (alignment - 1)) + 1;
    if (asked > largest_class_bytes) return runs;
    const BlockStats& of_class = classes[detail::to_index(detail::class_of(asked))];
    return asked > of_class.whole_slots_bytes ? of_class : runs;
  }
};

}  // namespace bufferpool
