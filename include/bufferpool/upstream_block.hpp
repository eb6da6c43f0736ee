// A block from upstream that a pool handed out in place of its own memory, and its mark.
//
//   [ padding | UpstreamBlock ] [ the caller's bytes ]
//
// The mark tells the block from any other memory, so that what is given back may be anything. Any thread
// may call any function; of several that release the same block one gets it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>

#include "bufferpool/atomic.hpp"

namespace bufferpool::detail {

/// Its length as asked for, at `alignment`, a power of two.
struct BlockShape {
  std::size_t bytes;
  std::size_t alignment;
};

class UpstreamBlock {
 public:
  /// For the pool with this number; passes upstream's exception on.
  [[nodiscard]] static UpstreamBlock* allocate(std::pmr::memory_resource& upstream,
                                               std::uint64_t pool_id, BlockShape shape);

  /// The block that begins at `pointer`, whose mark is gone now; nullptr, and nothing touched that is not
  /// mapped: it is none of this pool and shape, or was released before. One system call.
  [[nodiscard]] static UpstreamBlock* release(void* pointer, std::uint64_t pool_id,
                                              BlockShape shape) noexcept;

  /// The block that begins at `pointer`, of any shape; nullptr as for release(). Two system calls.
  [[nodiscard]] static const UpstreamBlock* find(const void* pointer,
                                                 std::uint64_t pool_id) noexcept;

  /// Gives a released block back to upstream.
  void free(std::pmr::memory_resource& upstream, BlockShape shape) noexcept;

  [[nodiscard]] void* data() noexcept { return this + 1; }

  // For the owner of a list of blocks.
  UpstreamBlock* previous = nullptr;
  UpstreamBlock* next = nullptr;
  BlockShape shape;

 private:
  UpstreamBlock(BlockShape block_shape, std::uint64_t mark) : shape(block_shape), mark_(mark) {}

  Atomic<std::uint64_t> mark_;  // a hash of pool, address and shape; 0: released
};

}  // namespace bufferpool::detail
