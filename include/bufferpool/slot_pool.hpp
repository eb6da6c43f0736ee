// SlotPool: N equal slots in one region, taken and given back by any thread without a lock.
//
// A handle, as std::shared_ptr is one: copies name the same pool, which lives until the last handle,
// buffer and slice are gone. Any thread may call any function of a pool; two threads share one handle
// object as they would an int: reading, or each with a copy of its own.
//
// From 64 slots on, each thread keeps a few free slots in a magazine of its own (slot_cache.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory_resource>
#include <span>
#include <utility>

#include "bufferpool/pool_core.hpp"
#include "bufferpool/pool_options.hpp"
#include "bufferpool/slot_index.hpp"

namespace bufferpool {

class SlotPool {
 public:
  /// Reserves the region; the system commits its pages when they are first touched. O(1) beyond that from
  /// 1 MiB on; a smaller region is from the heap, where the pool's own data is overwritten: O(slots).
  /// Throws std::invalid_argument for an option out of its range, std::bad_array_new_length where the region would be
  /// too long for an address, std::bad_alloc when the system or options.region refuses.
  explicit SlotPool(const SlotPoolOptions& options) : core_(detail::PoolCore::create(options)) {}

  /// Lives in `storage`, which outlives the pool and its slices; takes nothing from the heap. (The C library
  /// does, once for each thread that uses any pool: 32 bytes, to be told of the thread's end.) It gets
  /// as many slots as fit beside about 1 KiB, and 35 bytes a slot, of the pool's own data, once that and the
  /// slots are aligned; throws std::invalid_argument where not one does, or for an option out of its range.
  SlotPool(const SlotPoolOptions& options, std::span<std::byte> storage)
      : core_(detail::PoolCore::create(options, storage)) {}

  SlotPool(const SlotPool& other) noexcept : core_(other.core_) {
    if (core_ != nullptr) core_->retain();
  }
  /// Leaves `other` empty: it may be assigned to or destroyed, and says so to operator bool.
  SlotPool(SlotPool&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}
  SlotPool& operator=(SlotPool other) noexcept {
    std::swap(core_, other.core_);
    return *this;
  }
  ~SlotPool() {
    if (core_ != nullptr) core_->release();
  }

  /// False for a handle that was moved from.
  explicit operator bool() const noexcept { return core_ != nullptr; }
  friend bool operator==(const SlotPool& a, const SlotPool& b) noexcept = default;

  /// One slot; from upstream, with the same size and alignment, when every slot is taken. Passes
  /// upstream's exception on, with nothing changed. Constant time but for the search of a free slot
  /// in the bitmap, once in up to 64 calls; but where none is left up to 16 PoolResources of the pool are asked for
  /// what they keep: O(size classes and threads) of each, and the slabs that were freed since.
  [[nodiscard]] void* allocate() { return core_->allocate(); }

  /// One slot of the pool, or nullptr. Never upstream, never blocks. As long as allocate() without upstream.
  [[nodiscard]] void* try_allocate() noexcept { return core_->try_allocate(); }

  /// Gives back what allocate() or try_allocate() returned, on any thread. Any other pointer, also one
  /// that was given back before and is free now, is reported to the failure handler (failure.hpp) and
  /// ends the process. A second release after the slot was handed out again cannot be told from a first.
  void deallocate(void* pointer) noexcept { core_->deallocate(pointer); }

  /// `slots` consecutive slots (0 counts as 1), or a block of their size from upstream.
  /// O(words of the bitmap).
  [[nodiscard]] void* allocate_run(std::uint64_t slots) { return core_->allocate_run(slots); }

  /// Makes the run of `slots` slots at `pointer` one of `more` slots in place; no byte moves. False,
  /// and nothing changed: a slot behind it is taken or in another thread's magazine, the pool ends
  /// there, `more` is less than `slots`, or the block is upstream's. Never blocks. Misuse is caught as in
  /// deallocate().
  [[nodiscard]] bool try_extend(void* pointer, std::uint64_t slots, std::uint64_t more) noexcept {
    return core_->try_extend(pointer, slots, more);
  }

  /// Gives back a run; `slots` is its present length. Misuse is caught as in deallocate().
  void deallocate_run(void* pointer, std::uint64_t slots) noexcept {
    core_->deallocate_run(pointer, slots);
  }

  /// True for every address inside a slot of the pool; false for upstream's blocks.
  [[nodiscard]] bool owns(const void* pointer) const noexcept { return core_->owns(pointer); }

  /// The slot in which an address lies; it must be one that the pool owns.
  [[nodiscard]] SlotIndex index_of(const void* pointer) const noexcept {
    return core_->index_of(pointer);
  }

  /// As asked for, rounded up to a multiple of the alignment.
  [[nodiscard]] std::size_t slot_bytes() const noexcept { return core_->slot_bytes(); }
  [[nodiscard]] std::uint64_t slots() const noexcept { return core_->slots(); }
  [[nodiscard]] SlotPoolStats stats() const noexcept { return core_->stats(); }
  [[nodiscard]] std::pmr::memory_resource* upstream_resource() const noexcept {
    return core_->upstream();
  }

  /// The occupancy map, 64 slots a line: `-` free, `.` free in a magazine, else taken (1 to 9, a to z,
  /// and again, by position). Shows the first 4,096 slots. A snapshot.
  friend std::ostream& operator<<(std::ostream& out, const SlotPool& pool) {
    pool.core_->print(out);
    return out;
  }

  /// For the buffers of this library.
  [[nodiscard]] detail::PoolCore& core() const noexcept { return *core_; }

 private:
  detail::PoolCore* core_;
};

}  // namespace bufferpool
