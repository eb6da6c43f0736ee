// What a pool is made from, and what it tells about itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>

namespace bufferpool {

struct SlotPoolOptions {
  /// Size of a slot, at least 1; rounded up to a multiple of the alignment.
  std::size_t slot_bytes = 64 * 1024;

  /// Number of slots, 0 to 2^32. With 0, everything comes from upstream. Ignored where the caller
  /// gives storage: as many as fit.
  std::uint64_t slots = 1024;

  /// Alignment of every slot, a power of two. 0: the largest that divides slot_bytes, at most 4,096.
  std::size_t alignment = 0;

  /// Serves when every slot is taken; nullptr: the heap. Called from any thread, so it must be
  /// thread-safe; it outlives the pool and every slice that it served.
  std::pmr::memory_resource* upstream = nullptr;

  /// Where the slots come from, once, at construction; nullptr: from the system, reserved at once and
  /// committed when first touched, or below 1 MiB from the heap. Outlives the pool and its slices.
  std::pmr::memory_resource* region = nullptr;

  /// Overwrites memory with zeros when it is given back, before anyone else can have it: for keys and
  /// other secrets. Slots, blocks of resources, upstream's memory, and each slice when it is dropped;
  /// what was shared, what was filled and not frozen, and what a slice was told to show no longer, when
  /// the slot is given back.
  bool zero_on_release = false;
};

/// A snapshot; while threads use the pool its numbers may be of slightly different moments.
struct SlotPoolStats {
  std::uint64_t slots = 0;         ///< free + taken + cached
  std::uint64_t free_slots = 0;    ///< in the bitmap, or left behind by threads that have ended
  std::uint64_t taken_slots = 0;   ///< held by callers, buffers and slices
  std::uint64_t cached_slots = 0;  ///< free, in magazines of running threads
  /// Most slots taken at one time, those that a PoolResource committed ahead included. Exact while one thread
  /// uses the pool; with several never too low, and too high by at most what their magazines held.
  std::uint64_t peak_slots = 0;
  std::uint64_t served_by_upstream = 0;  ///< blocks taken from upstream since construction
  std::uint64_t refused = 0;  ///< requests that failed: try_ functions, upstream's exceptions
};

}  // namespace bufferpool
