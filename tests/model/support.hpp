// What several models are made of: slots that say when they have two holders, and memory for a pool that
// says when it is freed.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory_resource>

#include "bufferpool/atomic_bitmap.hpp"
#include "bufferpool/pool_core.hpp"
#include "clock.hpp"
#include "fibre_tickets.hpp"
#include "model.hpp"

namespace bufferpool::model {

using bits::bit_of;
using bits::kAllSet;
using bits::Word;
using detail::AtomicBitmap;

/// The bytes of some slots, each a plain number: two holders at once are a data race, as nothing but the
/// code under test orders the threads.
template <std::size_t kSlots>
struct Payload {
  Payload() { name(bytes.data(), sizeof bytes, "payload"); }

  /// The caller holds `slot`: writes it, and finds it as written.
  void use(std::uint64_t slot) {
    const int mine = static_cast<int>(this_thread()) + 1;
    bytes[slot].set(mine);
    check(bytes[slot].get() == mine, "a slot has two holders");
  }
  void use(const AtomicBitmap::Claim& claim) {
    for (Word rest = claim.mask; rest != 0; rest &= rest - 1) {
      use(bits::lowest_number(claim.word, rest));
    }
  }
  std::array<Var<int>, kSlots> bytes{};
};

/// Takes a slot, uses it and gives it back. False: there was none.
template <class Bitmap, std::size_t kSlots>
bool take_use_give(Bitmap& bitmap, Payload<kSlots>& payload) {
  const AtomicBitmap::Claim claim = bitmap.take(1);
  if (claim.mask == 0) return false;
  payload.use(claim);
  check(bitmap.give(claim.word, claim.mask), "a slot that was held was free");
  return true;
}

/// Words of which only some slots are free.
template <std::size_t kWords>
struct Words {
  /// `free` is a mask of free slots for each word.
  explicit Words(const std::array<Word, kWords>& free) {
    for (std::size_t i = 0; i < kWords; ++i) words[i].store(~free[i]);
    name(words.data(), sizeof words, "words");
  }
  [[nodiscard]] Word taken(std::size_t word) const { return words[word].load(); }

  std::array<Atomic<Word>, kWords> words;
};

/// Two words and their summary; the masks tell what is free at first, and in the end again.
template <class Bitmap, Word kFree0, Word kFree1>
struct WordsWithSummary {
  void finish() {
    check(words.taken(0) == ~kFree0 && words.taken(1) == ~kFree1, "a slot is lost");
    check((summary[0].load() & 3) == 0, "the summary hides a free slot");
  }
  /// Who stopped may hide a word from a search by the summary, not from take().
  void finish_without_stopped() {
    const int free = std::popcount(~words.taken(0)) + std::popcount(~words.taken(1));
    int found = 0;
    while (bitmap.take(1).mask != 0) ++found;
    check(found == free, "full is reported while a slot is free");
  }

  Words<2> words{{kFree0, kFree1}};
  std::array<Atomic<Word>, 1> summary;
  Bitmap bitmap{words.words, summary, 128};
  Payload<128> payload;
};

/// The memory of one pool.
template <std::size_t kBytes>
struct Arena : std::pmr::memory_resource {
  void* do_allocate(std::size_t bytes, std::size_t) override {
    check(bytes <= kBytes && !is_taken, "the arena is too small for its one block");
    is_taken = true;
    return memory;
  }
  void do_deallocate(void*, std::size_t bytes, std::size_t) override {
    check(!is_freed, "the memory of the pool is freed twice");
    is_freed = true;
    retire(memory, bytes);
  }
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }

  bool is_taken = false;
  bool is_freed = false;
  alignas(64) std::byte memory[kBytes];
};

/// Of a pool in a model, in all but a few.
constexpr std::size_t kLeastSlotBytes = 64;

constexpr std::size_t bytes_of_pool(std::uint64_t slots, std::size_t slot_bytes) {
  return slots * (slot_bytes + 96) + 4096;
}

/// The memory of a pool of `kSlots` slots. Upstream refuses.
template <std::uint64_t kSlots, std::size_t kSlotBytes = kLeastSlotBytes>
struct PoolArena : Arena<bytes_of_pool(kSlots, kSlotBytes)> {
  PoolArena() { name(this->memory, sizeof this->memory, "pool"); }

  [[nodiscard]] SlotPoolOptions options() {
    return {.slot_bytes = kSlotBytes,
            .slots = kSlots,
            .alignment = kLeastSlotBytes,
            .upstream = std::pmr::null_memory_resource(),
            .region = this};
  }
};

/// A pool of `kSlots` slots, of which the first ones are taken before the threads begin. 64 slots and more
/// have magazines.
template <std::uint64_t kSlots, std::uint64_t kFree, std::size_t kSlotBytes = kLeastSlotBytes>
struct Pool {
  Pool() : core(detail::PoolCore::create(arena.options())) {
    if (kFree < kSlots) check(core->try_allocate_run(kSlots - kFree) != nullptr, "set-up");
  }

  /// The caller holds the slots from `pointer` on.
  void use(const void* pointer, std::uint64_t slots = 1) {
    const std::uint64_t first = to_number(core->index_of(pointer));
    for (std::uint64_t slot = first; slot < first + slots; ++slot) payload.use(slot);
  }

  /// Takes a slot, uses it and gives it back. False: there was none.
  bool take_use_give() {
    void* const slot = core->try_allocate();
    if (slot == nullptr) return false;
    use(slot);
    core->deallocate(slot);
    return true;
  }

  /// The same, as a buffer does: a slot that it leases cannot be taken for one that was allocated.
  void lease_use_give() {
    detail::Chunk* const leased = core->try_lease(1);
    if (leased == nullptr) return;
    use(core->data_of(*leased));
    if (leased->live.seal(0)) leased->give_back();
  }

  /// When all is quiet: how many slots can be had. Then none is free by the count either.
  [[nodiscard]] std::uint64_t count_allocatable() {
    std::uint64_t count = 0;
    while (core->try_allocate() != nullptr) ++count;
    check(core->stats().free_slots == 0, "fewer slots are counted as taken than are");
    return count;
  }

  PoolArena<kSlots, kSlotBytes> arena;
  detail::PoolCore* core;
  Payload<kSlots> payload;
};

/// 64 slots, the least pool that has magazines, few of them free.
template <std::uint64_t kFree>
struct WithMagazines {
  WithMagazines() { keep_tickets_apart(); }

  /// While the threads still run: what is not taken is in a magazine of theirs, or it can be had.
  void check_nothing_is_lost() {
    const auto stats = pool.core->stats();
    check(stats.free_slots + stats.cached_slots == kFree, "a slot is lost");
    check(pool.count_allocatable() == stats.free_slots, "a slot is free only by the count");
  }
  Pool<64, kFree> pool;
};

}  // namespace bufferpool::model
