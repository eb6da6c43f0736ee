// What must be so of a pool in the end.
#pragma once

#include <cstddef>
#include <new>

#include "require.hpp"
#include <bufferpool/slot_pool.hpp>

namespace fuzz {

/// Nothing is counted as taken, and every slot can be had: of pools that are not too large, in one run.
inline void require_all_free(bufferpool::SlotPool pool) {
  constexpr std::size_t most_bytes = std::size_t{32} << 20;
  constexpr std::size_t most_slots = 1 << 16;
  require(pool.stats().taken_slots == 0, "a slot is counted that nobody holds");
  if (pool.slots() == 0 || pool.slots() > most_slots) return;
  if (pool.slots() * pool.slot_bytes() > most_bytes) return;
  try {
    void* const run = pool.allocate_run(pool.slots());
    require(pool.owns(run), "a slot was lost");
    pool.deallocate_run(run, pool.slots());
  } catch (const std::bad_alloc&) {
    require(false, "a slot was lost, and upstream refuses");
  }
}

}  // namespace fuzz
