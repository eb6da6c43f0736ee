// The free slots that one thread keeps in front of a pool's bitmap.
#pragma once

#include "bufferpool/magazine.hpp"
#include "bufferpool/slot_index.hpp"

namespace bufferpool::detail {

/// The owner word and the top of the magazine share a cache line as long as the magazine is not full.
struct alignas(64) SlotCache {
  using Slots = Magazine<SlotIndex, 64>;

  OwnerWord owner;  // 0: nobody's, and empty
  Slots slots;
};

}  // namespace bufferpool::detail
