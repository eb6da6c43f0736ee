// What the handles of a pool share: N equal slots, the bitmap, the magazines, the counts.
//
//   one region:  [ PoolCore | Chunk a slot | bitmap | summary | caches | pad | slot 0 | slot 1 ... ]
//
// Invariant: a slot is in the bitmap, or in one magazine, or its Chunk says who holds it.
// Any thread may call any function while it holds a reference, its own or its caller's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory_resource>

#include "bufferpool/annotate.hpp"
#include "bufferpool/atomic_bitmap.hpp"
#include "bufferpool/chunk.hpp"
#include "bufferpool/pool_options.hpp"
#include "bufferpool/quarantine.hpp"
#include "bufferpool/region.hpp"
#include "bufferpool/slot_cache.hpp"
#include "bufferpool/slot_index.hpp"
#include "bufferpool/slot_keepers.hpp"
#include "bufferpool/thread_owned.hpp"

namespace bufferpool::detail {

struct PoolLayout;
class UpstreamBlock;

class PoolCore {
 public:
  /// Built in place, inside its own region; starts with one reference.
  static PoolCore* create(const SlotPoolOptions& options);
  static PoolCore* create(const SlotPoolOptions& options, std::span<std::byte> storage);

  PoolCore(const PoolCore&) = delete;
  PoolCore& operator=(const PoolCore&) = delete;

  void retain() noexcept { references_.retain(); }
  void release() noexcept {
    if (references_.release()) [[unlikely]] {
      destroy();
    }
  }

  // --- One slot, for raw use. Hot: a magazine's pop or push and one word of the Chunk.

  [[nodiscard]] void* try_allocate() noexcept {
    const std::uint64_t slot = take_slot();
    return slot != kNoSlot ? hand_out(slot, 1) : refuse();
  }

  [[nodiscard]] void* allocate() {
    const std::uint64_t slot = take_slot();
    return slot != kNoSlot ? hand_out(slot, 1) : allocate_upstream(1);
  }

  void deallocate(void* pointer) noexcept {
    const std::size_t offset = offset_of(pointer);
    const std::uint64_t slot = slot_at(offset);
    if (offset >= slots_bytes_ || slot * slot_bytes_ != offset || !chunks_[slot].live.unhold(1))
        [[unlikely]] {
      return deallocate_other(pointer, 1);
    }
    hide(slot, 1);
    give_slot(static_cast<SlotIndex>(slot));
  }

  // --- Runs of slots, for raw use.

  [[nodiscard]] void* allocate_run(std::uint64_t slots);
  [[nodiscard]] bool try_extend(void* pointer, std::uint64_t slots, std::uint64_t more,
                                Holder holder = Holder::caller) noexcept;
  void deallocate_run(void* pointer, std::uint64_t slots, Holder holder = Holder::caller) noexcept;
  /// A run of `slots` >= 1, or nullptr; never upstream, and not counted as refused.
  [[nodiscard]] void* try_allocate_run(std::uint64_t slots,
                                       Holder holder = Holder::caller) noexcept;
  /// Up to `most` <= 64 slots of one word of the bitmap, each a run of its own; as try_allocate_run().
  [[nodiscard]] AtomicBitmap::Claim try_allocate_slots(unsigned most, Holder holder) noexcept;
  /// deallocate_run() for each of them.
  void deallocate_slots(const AtomicBitmap::Claim& slots, Holder holder) noexcept;
  /// Writes zeros to a free run, which stays free, so that the system has committed it. False: there is none.
  bool try_commit_run(std::uint64_t slots) noexcept;
  /// Gives the end of the run back: it keeps its first `fewer` slots, from 1 to `slots`.
  void shrink_run(void* pointer, std::uint64_t slots, std::uint64_t fewer,
                  Holder holder = Holder::caller) noexcept;

  // --- Chunks, for buffers. A leased chunk holds a reference.

  /// A started chunk of `slots` >= 1 slots, or nullptr. Never upstream.
  [[nodiscard]] Chunk* try_lease(std::uint64_t slots) noexcept;
  /// The run that the caller fills grows by `more` slots in place.
  [[nodiscard]] bool try_extend_lease(Chunk& chunk, std::uint64_t more) noexcept;
  /// The end of a lease; gives the chunk's reference up.
  void end_lease(Chunk& chunk) noexcept;
  [[nodiscard]] std::byte* data_of(const Chunk& chunk) const noexcept {
    return address_of(static_cast<std::uint64_t>(&chunk - chunks_));
  }

  // --- Statistics of upstream. A request counts as refused until upstream has served it, so that it
  // --- is right also where upstream throws.
  void note_refused() noexcept { refused_.add(1); }
  void note_served() noexcept {
    refused_.subtract(1);
    served_by_upstream_.add(1);
  }

  /// Gives the calling thread's magazine back if another thread has asked for it. A thread that gives
  /// back slots does so anyway.
  void answer_request() noexcept;
  /// Asked when a slot or a run is lacking, but by them: a resource that lacks one asks the others when it can.
  [[nodiscard]] SlotKeepers& keepers() noexcept { return keepers_; }
  /// False, in a pool with magazines: at some moment every slot was taken, or in one.
  [[nodiscard]] bool has_free_slot() const noexcept { return !lacks(1); }

  // --- What it is.

  [[nodiscard]] bool owns(const void* pointer) const noexcept {
    return offset_of(pointer) < slots_bytes_;
  }
  [[nodiscard]] SlotIndex index_of(const void* pointer) const noexcept;
  [[nodiscard]] std::size_t slot_bytes() const noexcept { return slot_bytes_; }
  [[nodiscard]] std::uint64_t slots() const noexcept { return slots_; }
  [[nodiscard]] std::size_t alignment() const noexcept { return alignment_; }
  [[nodiscard]] bool zeroes() const noexcept { return zeroes_; }
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  [[nodiscard]] std::byte* address_of(std::uint64_t slot) const noexcept {
    return first_slot_ + slot * slot_bytes_;
  }
  [[nodiscard]] std::pmr::memory_resource* upstream() const noexcept { return upstream_; }
  [[nodiscard]] SlotPoolStats stats() noexcept;
  /// For who has taken the slots: their bytes are theirs.
  void show(std::uint64_t first, std::uint64_t slots) noexcept {
    annotate::unpoison(address_of(first), slots * slot_bytes_);
    if constexpr (annotate::kHardened) check_untouched(first, slots);
  }
  void print(std::ostream& out) const;  // the map of operator<<, see slot_pool.hpp

 private:
  PoolCore(const SlotPoolOptions& options, const PoolLayout& layout, Region region) noexcept;
  ~PoolCore() = default;
  static PoolCore* create_in(const SlotPoolOptions& options, const PoolLayout& layout,
                             Region region);
  [[gnu::cold]] void destroy() noexcept;
  [[gnu::cold]] void hide_unused() noexcept;

  // Address arithmetic. A pointer below the first slot wraps to an offset beyond the last.
  [[nodiscard]] std::size_t offset_of(const void* pointer) const noexcept {
    return reinterpret_cast<std::uintptr_t>(pointer) -
           reinterpret_cast<std::uintptr_t>(first_slot_);
  }
  [[nodiscard]] std::uint64_t slot_at(std::size_t offset) const noexcept {
    return slot_shift_ != 0 ? offset >> slot_shift_ : offset / slot_bytes_;
  }

  [[nodiscard]] void* hand_out(std::uint64_t first, std::uint64_t slots,
                               Holder holder = Holder::caller) noexcept {
    show(first, slots);
    chunks_[first].live.hold(slots, holder);
    return address_of(first);
  }

  /// The bytes of slots that nobody may touch now: free ones, or those of which a buffer itself says what it
  /// fills.
  void poison(std::uint64_t first, std::uint64_t slots) noexcept {
    if constexpr (annotate::kEnabled) {
      touched_slots_.raise(first + slots);
      // One by one where 8 bytes may belong to two slots, see poison_inside().
      const std::uint64_t together = alignment_ % 8 == 0 ? slots : 1;
      for (std::uint64_t slot = first; slot < first + slots; slot += together) {
        annotate::poison_inside(address_of(slot), together * slot_bytes_);
      }
    }
  }

  void hide(std::uint64_t first, std::uint64_t slots) noexcept {
    if (annotate::kHardened || zeroes_) [[unlikely]] {
      overwrite(first, slots);
    }
    poison(first, slots);
  }

  /// show() for a buffer.
  void lend(std::uint64_t first, std::uint64_t slots) noexcept {
    show(first, slots);
    poison(first, slots);
  }

  /// The number of a slot that is the caller's now, or kNoSlot.
  [[nodiscard]] std::uint64_t take_slot() noexcept {
    if (SlotCache* const own = caches_.mine()) [[likely]] {
      if (const std::uint64_t slot = own->slots.pop_or(kNoSlot); slot != kNoSlot) [[likely]] {
        return slot;
      }
    }
    return caches_.has_any() ? take_slot_slowly() : take_bit();
  }
  void give_slot(SlotIndex slot) noexcept {
    if constexpr (annotate::kHardened) return give_after_quarantine(slot);
    give_slot_at_once(slot);
  }
  void give_slot_at_once(SlotIndex slot) noexcept {
    if (SlotCache* const own = caches_.mine(); own != nullptr && own->slots.push(slot)) return;
    if (caches_.has_any()) return give_slot_slowly(slot);
    give_word(to_number(slot) / bits::kWordBits, bits::bit_of(to_number(slot)));
  }

  // Cold paths of the magazines, and the runs: pool_magazines.cpp, pool_runs.cpp.
  [[nodiscard]] std::uint64_t take_bit() noexcept;
  [[gnu::cold]] std::uint64_t take_slot_slowly() noexcept;
  [[gnu::cold]] void give_slot_slowly(SlotIndex slot) noexcept;
  void give_after_quarantine(SlotIndex slot) noexcept;
  bool drain_quarantine() noexcept;
  [[nodiscard]] std::uint64_t refill(SlotCache& own) noexcept;
  [[nodiscard]] std::uint64_t take_run(std::uint64_t slots) noexcept;
  [[nodiscard]] bool take_range(std::uint64_t first, std::uint64_t slots) noexcept;
  void give_range(std::uint64_t first, std::uint64_t slots) noexcept;
  void give_word(std::uint64_t word, bits::Word mask) noexcept;
  [[noreturn]] [[gnu::cold]] void fail_given_twice(std::uint64_t first,
                                                   std::uint64_t slots) const noexcept;
  [[nodiscard]] std::uint32_t magazine_limit() const noexcept;
  void empty(SlotCache::Slots& full, std::uint32_t slots) noexcept;
  bool collect_ended_threads() noexcept;
  void ask_others_back() noexcept;
  [[nodiscard]] bool lacks(std::uint64_t slots) const noexcept;
  /// Slots came or went past the magazine of the calling thread. After the latter it answers who lacks slots.
  void note_taken(std::uint64_t slots) noexcept;
  void note_given(SlotCache* own) noexcept;
  void note_peak(const SlotCache* own) noexcept;
  [[nodiscard]] std::uint64_t count_out() const noexcept {
    return caches_.has_any() ? out_of_bitmap_.get() : bitmap_.count_taken();
  }

  // Cold paths of raw use: pool_core.cpp.
  [[nodiscard]] std::uint64_t take(std::uint64_t slots) noexcept;
  [[nodiscard]] std::uint64_t take_from_keepers(std::uint64_t slots) noexcept;
  [[gnu::cold]] void* refuse() noexcept;
  [[gnu::cold]] void* allocate_upstream(std::uint64_t slots);
  [[gnu::cold]] void deallocate_other(void* pointer, std::uint64_t slots) noexcept;
  [[nodiscard]] const UpstreamBlock* find_upstream(const void* pointer) const noexcept;
  [[gnu::cold]] bool deallocate_upstream(void* pointer, std::uint64_t slots) noexcept;
  [[gnu::cold]] void overwrite(std::uint64_t first, std::uint64_t slots) noexcept;
  void check_untouched(std::uint64_t first, std::uint64_t slots) const noexcept;
  [[noreturn]] [[gnu::cold]] void fail_release(const void* pointer,
                                               std::uint64_t slots) const noexcept;

  // Read on every operation, written never.
  std::byte* first_slot_;
  std::size_t slots_bytes_;
  std::size_t slot_bytes_;
  Chunk* chunks_;
  unsigned slot_shift_;  // 0: slot_bytes_ is not a power of two
  std::uint64_t slots_;
  std::uint64_t id_;  // never used again in this process
  std::size_t alignment_;
  bool zeroes_;
  std::pmr::memory_resource* upstream_;
  AtomicBitmap bitmap_;
  ThreadOwned<SlotCache> caches_;
  Region region_;

  // Written by many threads, now and then.
  alignas(64) RefCount references_;
  alignas(64) Tally out_of_bitmap_;  // taken, or in a magazine; counted only if there are any
  Tally peak_;
  Tally served_by_upstream_;
  Tally refused_;
  Tally live_upstream_;
  Tally touched_slots_;  // with annotations only: slots from here on were never poisoned
  /// Of slots' numbers + 1, in hardened pools that have magazines. Not counted as out of the bitmap.
  Quarantine<annotate::kHardened ? 32 : 1> quarantine_;
  SlotKeepers keepers_;
};

}  // namespace bufferpool::detail
