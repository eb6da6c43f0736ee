// A block from upstream that a pool handed out in place of its own memory. All that are out are in one table, found
// by their address: what is given back may be anything, and nothing is read but what is ours.
//
//   [ padding | UpstreamBlock ] [ the caller's bytes ]
//
// Any thread may call any function; of several that release the same block one gets it. Under a lock of the
// table's (fork_mutex.hpp), as upstream costs more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>

namespace bufferpool::detail {

/// Its length as asked for, at `alignment`, a power of two.
struct BlockShape {
  std::size_t bytes;
  std::size_t alignment;
};

class UpstreamBlock {
 public:
  /// For the owner with this number; passes upstream's exception on.
  [[nodiscard]] static UpstreamBlock* allocate(std::pmr::memory_resource& upstream,
                                               std::uint64_t owner_id, BlockShape shape);

  /// The block that begins at `data`, which is in the table no more; nullptr, and nothing changed: there is none of
  /// this owner and shape, or it was released before.
  [[nodiscard]] static UpstreamBlock* release(void* data, std::uint64_t owner_id,
                                              BlockShape shape) noexcept;

  /// The owner's block that begins at `data`, of any shape; nullptr as for release().
  [[nodiscard]] static const UpstreamBlock* find(const void* data, std::uint64_t owner_id) noexcept;

  /// Gives a released block back to upstream.
  void free(std::pmr::memory_resource& upstream, BlockShape shape) noexcept;

  [[nodiscard]] void* data() noexcept { return this + 1; }

  // For the owner of a list of blocks.
  UpstreamBlock* previous = nullptr;
  UpstreamBlock* next = nullptr;
  BlockShape shape;

 private:
  UpstreamBlock(BlockShape block_shape, std::uint64_t owner_id)
      : shape(block_shape), owner_id_(owner_id) {}

  [[nodiscard]] static UpstreamBlock** link_to(const void* data) noexcept;

  std::uint64_t owner_id_;
  UpstreamBlock* next_in_bucket_ = nullptr;
};

}  // namespace bufferpool::detail
