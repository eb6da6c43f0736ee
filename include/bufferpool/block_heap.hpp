// Blocks of any size from the slots of a pool: size classes with a magazine for each thread, runs of slots
// for what is longer, upstream for what does not fit. What PoolResource and PoolAllocator share.
//
//   metadata, mapped lazily beside the pool:  [ slabs | shared counts | block states | caches ]
//
// Invariant: a block of a class is free in its slab's bitmap, or in one magazine, or its state says that it
// is held. Any thread may call any function, but release_all() and the destructor.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "bufferpool/block_cache.hpp"
#include "bufferpool/block_stats.hpp"
#include "bufferpool/quarantine.hpp"
#include "bufferpool/slab_table.hpp"
#include "bufferpool/slot_keepers.hpp"
#include "bufferpool/slot_pool.hpp"
#include "bufferpool/thread_owned.hpp"
#include "bufferpool/upstream_list.hpp"

namespace bufferpool::detail {

/// Lengths that would do for a block; what it gets is a multiple of `unit_bytes`, of which the alignment
/// is a divisor.
struct SizeRange {
  std::size_t least_bytes;
  std::size_t most_bytes;
  std::size_t unit_bytes;
};

/// A resource takes no pool whose slots are aligned to less.
inline constexpr std::size_t kLeastSlotAlignment = 16;

class BlockHeap final : private SlotKeeper {
 public:
  /// Blocks longer than `most_pooled_bytes` come from upstream. Throws std::bad_alloc when the system
  /// refuses the metadata, std::invalid_argument where the pool's slots are aligned to less than 16.
  BlockHeap(SlotPool pool, std::size_t most_pooled_bytes);
  BlockHeap(const BlockHeap&) = delete;
  BlockHeap& operator=(const BlockHeap&) = delete;
  ~BlockHeap() override;

  /// As std::pmr::memory_resource::allocate().
  [[nodiscard]] void* allocate(BlockShape shape) {
    void* const block = allocate_at_once(shape);
    return block != nullptr ? block : allocate_slowly(shape);
  }

  /// `shape` as it was allocated with. Anything else is reported to the failure handler (failure.hpp),
  /// with every other block unharmed.
  void deallocate(void* block, BlockShape shape) noexcept {
    if (!deallocate_at_once(block, shape)) deallocate_slowly(block, shape);
  }

  // The two halves of each. Hot: a magazine's pop or push and a byte, and no call. nullptr or false, and
  // nothing changed: the slow half does it.

  [[nodiscard, gnu::always_inline]] void* allocate_at_once(BlockShape shape) noexcept {
    const std::size_t last = last_of(shape);
    if (!is_quick(last, shape)) [[unlikely]] {
      return nullptr;
    }
    BlockCache* const own = caches_.mine_at_once();
    if (own == nullptr) [[unlikely]] {
      return nullptr;
    }
    ClassCache& cache = own->of(last);
    const ClassCache::Blocks::Top found = cache.blocks.top();
    if (!cache.blocks.has_entry(found)) [[unlikely]] {
      return nullptr;
    }
    return cache.pop_from(found, shape.bytes);
  }
  void* allocate_slowly(BlockShape shape);

  [[nodiscard, gnu::always_inline]] bool deallocate_at_once(void* block,
                                                            BlockShape shape) noexcept {
    const std::size_t last = last_of(shape);
    if (!is_quick(last, shape)) [[unlikely]] {
      return false;
    }
    BlockCache* const own = caches_.mine_at_once();
    return own != nullptr && own->of(last).push(block, shape.bytes);
  }
  void deallocate_slowly(void* block, BlockShape shape) noexcept;

  /// The longest length that gets the same block as this shape; shape.bytes where upstream would serve it.
  [[nodiscard]] std::size_t usable_bytes(BlockShape shape) const noexcept;

  // --- Growth in place. A block alone in its slots can take the free ones behind it.

  /// As allocate(), but nullptr where that throws.
  [[nodiscard]] void* try_allocate(BlockShape shape) noexcept;

  /// Which length to ask for, so that the block wastes nothing and can grow.
  [[nodiscard]] std::size_t growable_bytes(const SizeRange& wanted,
                                           std::size_t alignment) const noexcept;

  /// The longest length with which a block that is out could have been allocated. What is none is reported to
  /// the failure handler, and ends the process.
  [[nodiscard]] std::size_t usable_bytes_at(const void* block,
                                            std::size_t alignment) const noexcept;

  /// Makes the block, allocated as `held`, one of the length that is returned: wanted.most_bytes or more if
  /// that can be had, else wanted.least_bytes or more. 0, and nothing changed: not even that.
  [[nodiscard]] std::size_t try_expand(void* block, BlockShape held,
                                       const SizeRange& wanted) noexcept;

  /// The shortest length from wanted.least_bytes on that can be had. 0, and nothing changed: that is more
  /// than wanted.most_bytes.
  [[nodiscard]] std::size_t try_shrink(void* block, BlockShape held,
                                       const SizeRange& wanted) noexcept;

  /// Gives everything back, also what is held. No other thread may be in a call.
  void release_all() noexcept;

  [[nodiscard]] const SlotPool& pool() const noexcept { return pool_; }
  [[nodiscard]] bool owns(const void* block) const noexcept;
  [[nodiscard]] PoolResourceStats stats() const noexcept;

 private:
  static constexpr std::uint32_t kQuarantinedBlocks = 32;

  /// Counted off the hot path.
  struct alignas(64) ClassShared {
    Tally out;  // blocks that are in magazines or held
    Tally peak;
    Tally upstream_calls;
    Tally asked_bytes;  // by threads without a cache
  };

  /// The length rounded up to a multiple of the alignment, minus 1; huge for zero bytes, or where that
  /// would overflow.
  [[nodiscard]] static std::size_t last_of(BlockShape shape) noexcept {
    return (shape.bytes - 1) | (shape.alignment - 1);
  }
  /// True: if a class serves it, a table says which. If none does, no thread has a block for it, or room.
  [[nodiscard]] bool is_quick(std::size_t last, BlockShape shape) const noexcept {
    return last < kTabledBytes && is_aligned(shape);
  }
  /// True: every block of a class that is long enough is aligned as well.
  [[nodiscard]] bool is_aligned(BlockShape shape) const noexcept {
    if (shape.alignment > kLeastSlotAlignment) [[unlikely]] {
      if (shape.alignment > slot_alignment_) return false;
    }
    // A power of two. Not std::has_single_bit, for which a compiler may call a function.
    return (shape.alignment & (shape.alignment - 1)) == 0;
  }
  /// True: a class serves it. Zero bytes, what is large and what is odd go another way.
  [[nodiscard]] bool has_class(BlockShape shape) const noexcept {
    const std::size_t last = last_of(shape);
    if (last >= largest_class_bytes_ || !is_aligned(shape)) return false;
    return last >= whole_slots_bytes_[to_index(class_of(last + 1))];
  }

  // Behind the hot path: block_heap_magazines.cpp.
  [[gnu::cold]] void* allocate_of(SizeClass size_class, BlockShape shape);
  [[nodiscard]] void* give_to_quarantine(SizeClass size_class, void* block,
                                         const ClassCache* own) noexcept;
  bool drain_quarantines() noexcept;
  [[gnu::cold]] void give_back(SizeClass size_class, void* block, ClassCache* own) noexcept;
  void give_block(SizeClass size_class, const void* block) noexcept;
  [[nodiscard]] ClassCache* cache_of(BlockCache* own, SizeClass size_class) const noexcept;
  /// What a thread keeps of the class; nullptr: nothing, and never did.
  [[nodiscard]] ClassCache* find_cache(BlockCache* of_thread, SizeClass size_class) const noexcept {
    return of_thread != nullptr ? of_thread->find(places_[to_index(size_class)]) : nullptr;
  }
  /// visit(cache, class) for each class of which the thread keeps something, or did.
  template <class Visit>
  void for_each_cache(BlockCache& of_thread, Visit visit) const noexcept {
    for (unsigned index = 0; index < kSizeClasses; ++index) {
      const auto size_class = static_cast<SizeClass>(index);
      if (ClassCache* const cache = find_cache(&of_thread, size_class)) visit(*cache, size_class);
    }
  }
  void count_asked(ClassCache* own, SizeClass size_class, std::size_t bytes) noexcept;
  [[nodiscard]] void* find_block(ClassCache* own, SizeClass size_class) noexcept;
  [[nodiscard]] void* refill(ClassCache& own, SizeClass size_class) noexcept;
  [[nodiscard]] std::uint32_t limit_of(const ClassCache& cache,
                                       SizeClass size_class) const noexcept {
    return std::min(cache.wanted, magazine_limit(size_class));
  }
  void share_among_classes() noexcept;
  /// A block for the caller, and others for its magazine. Not yet counted as out.
  [[nodiscard]] void* take_batch(ClassCache::Blocks& blocks, SizeClass size_class,
                                 std::uint32_t wanted) noexcept;
  [[nodiscard]] BlockClaim take_blocks(SizeClass size_class, unsigned most) noexcept;
  [[nodiscard]] BlockClaim take_more_blocks(SizeClass size_class, unsigned most) noexcept;
  void flush(ClassCache& cache, std::uint32_t blocks, SizeClass size_class) noexcept;
  /// True: there was something.
  bool flush_all(BlockCache& cache) noexcept;
  /// Already counted as no longer out.
  void give_blocks(const BlockClaim& blocks, SizeClass size_class) noexcept;
  /// The block, or one of the same slab.
  [[noreturn]] [[gnu::cold]] void fail_given_twice(const void* block,
                                                   SizeClass size_class) const noexcept;
  [[nodiscard]] bool reclaim() noexcept;
  [[nodiscard]] bool give_back_own() noexcept;
  [[nodiscard]] bool give_back_free() noexcept override;
  void ask_others_back() noexcept;
  [[nodiscard]] std::uint32_t magazine_limit(SizeClass size_class) const noexcept;
  void note_peak(const ClassCache* own, SizeClass size_class) noexcept;

  // What no class serves, and the end: block_heap.cpp.
  void give_everything_back() noexcept;
  [[gnu::cold]] void* allocate_other(BlockShape shape);
  [[gnu::cold]] void deallocate_other(void* block, BlockShape shape) noexcept;
  [[nodiscard]] std::uint64_t slots_for(BlockShape shape) const noexcept;
  // Where the block of a run begins.
  [[nodiscard]] std::size_t lead_bytes(std::size_t alignment) const noexcept;
  [[nodiscard]] std::uint8_t bits_beyond_slots(std::size_t alignment) const noexcept;
  [[nodiscard]] bool begins_in_run(const void* block, std::uint64_t first,
                                   std::size_t alignment) const noexcept;
  [[nodiscard]] std::byte* aligned_in_run(std::uint64_t first,
                                          std::size_t alignment) const noexcept;
  [[nodiscard]] void* try_allocate_run(BlockShape shape, std::uint64_t slots) noexcept;
  [[nodiscard]] bool deallocate_run(void* block, BlockShape shape) noexcept;
  [[nodiscard]] void* allocate_upstream(BlockShape shape, Tally& calls);
  [[gnu::cold]] void deallocate_upstream(void* block, BlockShape shape) noexcept;
  [[noreturn]] [[gnu::cold]] void fail_release(const void* block, BlockShape shape) const noexcept;
  /// `call` says what was called.
  [[noreturn]] [[gnu::cold]] void fail_call(const char* call, const void* block) const noexcept;

  // Growth in place: block_heap_growth.cpp.
  struct WholeBlock;
  [[nodiscard]] WholeBlock whole_block(std::uint64_t slots) const noexcept;
  [[nodiscard]] std::size_t room_at(const void* block, std::size_t alignment) const noexcept;
  [[nodiscard]] WholeBlock whole_block_at(const void* block) const noexcept;
  [[nodiscard]] WholeBlock least_whole_block(const SizeRange& wanted,
                                             std::size_t alignment) const noexcept;
  [[nodiscard]] bool is_of(const WholeBlock& whole, BlockShape shape) const noexcept;
  [[nodiscard]] WholeBlock extend(void* block, const WholeBlock& before, const SizeRange& wanted,
                                  std::size_t alignment) noexcept;
  [[nodiscard]] bool may_be_freed(std::uint64_t first, std::uint64_t slots) const noexcept;
  void change(void* block, const WholeBlock& before, const WholeBlock& after) noexcept;
  void count_held(const WholeBlock& whole, std::size_t asked) noexcept;
  void count_given_back(const WholeBlock& whole, std::size_t asked) noexcept;
  void count_asked_at(const void* block, std::size_t more) noexcept;

  // At construction: block_heap_layout.cpp.
  void lay_out_classes(std::byte* states) noexcept;
  void choose_whole_slots() noexcept;

  SlotPool pool_;
  Region metadata_;

  // Read on every operation, written never.
  const std::byte* base_;
  std::size_t slot_alignment_;
  std::size_t largest_class_bytes_ = 0;
  std::size_t most_pooled_bytes_;
  ClassShared* shared_;
  ThreadOwned<BlockCache> caches_;
  /// What a class would serve gets whole slots up to here, as they are shorter than its blocks; mostly 0.
  std::array<std::size_t, kSizeClasses> whole_slots_bytes_{};
  /// Hidden where the hot path, which knows the class only, would not see that it is whole slots that are wanted.
  std::array<CachePlace, kSizeClasses> places_;
  std::array<BlockCells, kSizeClasses> cells_;
  SlabTable slabs_;

  // Written now and then.
  /// Of blocks' addresses, in a hardened build. Not counted as out.
  std::array<Quarantine<kQuarantinedBlocks>, annotate::kHardened ? kSizeClasses : 0> quarantines_;
  alignas(64) Tally unserved_;  // requests that found nothing, since a refill that found something
  Tally run_slots_;
  Tally run_blocks_;
  Tally run_asked_bytes_;
  Tally run_peak_;
  Tally run_upstream_calls_;
  UpstreamList upstream_;
};

}  // namespace bufferpool::detail
