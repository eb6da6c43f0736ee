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
  std::array<Var<int>, kSlots> bytes{};
};

[[nodiscard]] inline std::uint64_t lowest_slot(const AtomicBitmap::Claim& claim) noexcept {
  return claim.word * bits::kWordBits + static_cast<unsigned>(std::countr_zero(claim.mask));
}

[[nodiscard]] inline Word bit_of(std::uint64_t slot) noexcept {
  return Word{1} << (slot % bits::kWordBits);
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

/// The memory of one pool.
template <std::size_t kBytes>
struct Arena final : std::pmr::memory_resource {
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

/// A pool of `kSlots` slots, of which the first ones are taken before the threads begin. 64 slots and more
/// have magazines. Upstream refuses.
template <std::uint64_t kSlots, std::uint64_t kFree>
struct Pool {
  static constexpr std::size_t kSlotBytes = 64;

  Pool() : core(detail::PoolCore::create(options())) {
    name(arena.memory, sizeof arena.memory, "pool");
    if (kFree < kSlots) check(core->try_allocate_run(kSlots - kFree) != nullptr, "set-up");
  }

  [[nodiscard]] SlotPoolOptions options() {
    return {.slot_bytes = kSlotBytes,
            .slots = kSlots,
            .alignment = 64,
            .upstream = std::pmr::null_memory_resource(),
            .region = &arena};
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

  /// When all is quiet: how many slots can be had.
  [[nodiscard]] std::uint64_t count_allocatable() {
    std::uint64_t count = 0;
    while (core->try_allocate() != nullptr) ++count;
    return count;
  }

  Arena<kSlots * 160 + 4096> arena;
  detail::PoolCore* core;
  Payload<kSlots> payload;
};

}  // namespace bufferpool::model
