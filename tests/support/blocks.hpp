// Blocks of a memory resource, each filled with a pattern of its own, so that a byte that another block's
// holder wrote, or the resource itself, does not fit.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <new>
#include <span>
#include <vector>

#include "support/bytes.hpp"

namespace bufferpool::test {

struct Block {
  std::byte* data;
  std::size_t bytes;  // as asked for
  std::size_t alignment;
  std::uint64_t stamp;

  [[nodiscard]] std::span<std::byte> span() const { return {data, bytes}; }
  [[nodiscard]] bool is_whole() const { return holds_pattern(span(), stamp); }
  [[nodiscard]] bool is_aligned() const {
    return reinterpret_cast<std::uintptr_t>(data) % alignment == 0;
  }
};

[[nodiscard]] inline Block allocate_block(std::pmr::memory_resource& memory, std::size_t bytes,
                                          std::size_t alignment, std::uint64_t stamp) {
  const Block block{static_cast<std::byte*>(memory.allocate(bytes, alignment)), bytes, alignment,
                    stamp};
  write_pattern(block.span(), stamp);
  return block;
}

inline void free_block(std::pmr::memory_resource& memory, const Block& block) {
  memory.deallocate(block.data, block.bytes, block.alignment);
}

/// True: no two share a byte. Blocks of no bytes count as one byte long.
[[nodiscard]] inline bool are_apart(std::vector<Block> blocks) {
  std::ranges::sort(blocks, {}, &Block::data);
  for (std::size_t i = 1; i < blocks.size(); ++i) {
    const Block& before = blocks[i - 1];
    if (before.data + std::max<std::size_t>(before.bytes, 1) > blocks[i].data) return false;
  }
  return true;
}

/// Allocates blocks of `bytes` until std::bad_alloc: upstream must refuse.
[[nodiscard]] inline std::vector<void*> take_all_blocks(std::pmr::memory_resource& memory,
                                                        std::size_t bytes) {
  std::vector<void*> taken;
  try {
    for (;;) taken.push_back(memory.allocate(bytes, 1));
  } catch (const std::bad_alloc&) {
  }
  return taken;
}

inline void free_all_blocks(std::pmr::memory_resource& memory, const std::vector<void*>& blocks,
                            std::size_t bytes) {
  for (void* const block : blocks) memory.deallocate(block, bytes, 1);
}

}  // namespace bufferpool::test
