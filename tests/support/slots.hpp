// What many tests do with the slots of a pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "bufferpool/slot_pool.hpp"

namespace bufferpool::test {

/// Takes slots until there is none.
[[nodiscard]] inline std::vector<void*> take_all(SlotPool& pool) {
  std::vector<void*> taken;
  while (void* const slot = pool.try_allocate()) taken.push_back(slot);
  return taken;
}

/// Reads and writes a byte of each: two holders at once, or one that does not see the other's last access, are
/// a data race.
inline void use(const std::vector<void*>& slots) {
  for (void* const slot : slots) ++*static_cast<unsigned char*>(slot);
}

inline void give_all(SlotPool& pool, const std::vector<void*>& slots) {
  for (void* const slot : slots) pool.deallocate(slot);
}

/// How many different slots of the pool there are among the pointers.
[[nodiscard]] inline std::uint64_t count_different_slots(const SlotPool& pool,
                                                         const std::vector<void*>& pointers) {
  std::set<SlotIndex> indices;
  for (const void* const pointer : pointers) {
    if (pool.owns(pointer)) indices.insert(pool.index_of(pointer));
  }
  return indices.size();
}

/// True: every slot can be taken exactly once, and all are free afterwards.
[[nodiscard]] inline bool has_every_slot_once(SlotPool& pool) {
  const std::vector<void*> all = take_all(pool);
  const bool complete =
      all.size() == pool.slots() && count_different_slots(pool, all) == pool.slots();
  give_all(pool, all);
  return complete && pool.stats().taken_slots == 0;
}

/// Number of the slot that is `slots` further.
[[nodiscard]] inline void* slot_after(const SlotPool& pool, void* pointer, std::size_t slots) {
  return static_cast<std::byte*>(pointer) + slots * pool.slot_bytes();
}

}  // namespace bufferpool::test
