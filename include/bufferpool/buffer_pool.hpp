// BufferPool: a connection's buffer. Fills and freezes slices in slots of a pool, and in upstream's
// memory when there is none. Owns no slot before the first fill, nor after release_idle().
// Not thread-safe, but its slices are, and the pool behind it: see basic_buffer.hpp.
#pragma once

#include <cstddef>
#include <memory_resource>

#include "bufferpool/basic_buffer.hpp"
#include "bufferpool/slot_pool.hpp"

namespace bufferpool {

class BufferPool : public BasicBuffer<BufferPool> {
 public:
  /// Shares `pool`, which lives at least as long as this buffer and its slices.
  explicit BufferPool(SlotPool pool) noexcept : pool_(std::move(pool)) {}

  /// With a pool of its own of at least `capacity_bytes`, in 8 slots of 8 bytes to 64 KiB, or in
  /// fewer or more of them; 0 is valid. `upstream` (nullptr: the heap) serves beyond; it must be thread-safe, and
  /// outlive the slices. Throws std::bad_alloc when the system refuses the memory.
  explicit BufferPool(std::size_t capacity_bytes, std::pmr::memory_resource* upstream = nullptr);

  /// The moved-from buffer is empty, and may be assigned to or destroyed.
  BufferPool(BufferPool&&) noexcept = default;
  BufferPool& operator=(BufferPool&&) noexcept = default;
  ~BufferPool() = default;

  [[nodiscard]] const SlotPool& pool() const noexcept { return pool_; }

 private:
  friend class BasicBuffer<BufferPool>;

  [[gnu::cold]] void grow(std::size_t extra_bytes);
  [[gnu::cold]] bool try_grow(std::size_t extra_bytes) noexcept;

  /// How much may move for little room: no more than makes a byte cost O(1), however small the steps
  /// are, or anything rather than to fail.
  enum class Effort { constant_a_byte, any };

  /// Undoes what FillCursor::pause() did.
  void show_all_room() noexcept;

  // The ways to get room, cheapest first. False: not possible, and what is being filled is unchanged.
  bool grow_in_pool(std::size_t extra_bytes, Effort effort) noexcept;
  bool go_on(std::size_t extra_bytes) noexcept;  // in what pause() hid, as slices are alive
  bool rewind(std::size_t needed_bytes, std::size_t most_moved_bytes) noexcept;
  bool extend(std::size_t extra_bytes) noexcept;
  bool lease(std::size_t needed_bytes, Effort effort) noexcept;

  bool extend_and_rewind(std::size_t needed_bytes, std::size_t most_moved_bytes) noexcept;
  /// An empty chunk is in its own way: a longer run may need the slots that it holds.
  bool trade(std::size_t needed_bytes) noexcept;

  [[nodiscard]] bool may_rewind(std::size_t most_moved_bytes) const noexcept;

  [[nodiscard]] std::byte* chunk_begin() const noexcept;
  /// Frozen or consumed bytes in front of what is being filled.
  [[nodiscard]] std::size_t bytes_before() const noexcept;
  [[nodiscard]] bool is_worth_extending() const noexcept;
  /// Upstream's memory, where the pool may have some again, or a long message's run for a short one.
  [[nodiscard]] bool is_outsized_for(std::size_t needed_bytes) const noexcept;

  SlotPool pool_;
};

static_assert(FillBuffer<BufferPool>);
static_assert(sizeof(BufferPool) < 128);

}  // namespace bufferpool
