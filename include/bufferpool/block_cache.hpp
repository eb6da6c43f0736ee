// The free blocks that one thread keeps of every size class: the hot path of a PoolResource.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bufferpool/annotate.hpp"
#include "bufferpool/block_cells.hpp"
#include "bufferpool/magazine.hpp"
#include "bufferpool/size_class.hpp"

namespace bufferpool::detail {

/// Of one class. What push() and pop() need beside the blocks is in one cache line. For the owner, but for
/// what says otherwise; memory of zeros is empty and full.
struct alignas(64) ClassCache {
  using Blocks = Magazine<void*, 1024>;

  BlockCells cells;                  // the class's, once a block came here
  Gauge<std::uint64_t> asked_bytes;  // of blocks handed out minus those given back; wraps around
  Blocks blocks;

  /// A block, which is held from now on; nullptr: there is none.
  [[nodiscard]] void* pop(SizeClass size_class, std::size_t asked) noexcept {
    void* const block = blocks.pop_or<void*>(nullptr);
    if (block == nullptr) [[unlikely]] {
      return nullptr;
    }
    asked_bytes.set(asked_bytes.get() + asked);
    cells.hold(block);
    annotate::unpoison(block, bytes_of(size_class));
    return block;
  }

  /// False, and nothing changed: the magazine is full, or this is no block of the class that is held.
  [[nodiscard]] bool push(SizeClass size_class, void* block, std::size_t asked) noexcept {
    if (blocks.is_full() || !cells.unhold(block)) [[unlikely]] {
      return false;
    }
    annotate::retire(block, bytes_of(size_class));
    asked_bytes.set(asked_bytes.get() - asked);
    blocks.push_to_room(block);
    return true;
  }
};

struct alignas(64) BlockCache {
  OwnerWord owner;  // 0: nobody's, and empty
  ClassCache classes[kSizeClasses];
};

}  // namespace bufferpool::detail
