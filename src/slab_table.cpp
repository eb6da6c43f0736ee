#include "bufferpool/slab_table.hpp"

#include <algorithm>
#include <bit>

#include "bufferpool/annotate.hpp"

namespace bufferpool::detail {
namespace {

using bits::kWordBits;
using bits::Word;

constexpr std::uint32_t kMostSlabSlots = 8;
constexpr std::uint64_t kMostBlocks = std::uint64_t{1} << 30;
constexpr std::size_t kLeastCoarseBytes = 64;

/// A class has slabs of several slots only in a pool of at least so many slabs.
constexpr std::uint64_t kLeastSlabs = 16;

/// At most an eighth of a slab is left over behind its last block.
SlabShape cut(SizeClass size_class, const PoolCore& pool) noexcept {
  const std::size_t block_bytes = bytes_of(size_class);
  const std::size_t slot_bytes = pool.slot_bytes();
  const auto least = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(bits::divide_up(block_bytes, slot_bytes), kMostSlabSlots + 1));
  if (least > 4) return {0, 0};
  for (std::uint32_t slots = least; slots <= kMostSlabSlots; ++slots) {
    const std::size_t bytes = slots * slot_bytes;
    const std::size_t rest = bytes % block_bytes;
    if (slots > least && pool.slots() / slots < kLeastSlabs) break;
    if (rest <= bytes / 8) {
      return {slots, static_cast<std::uint32_t>(std::min(bytes / block_bytes, kMostBlocks))};
    }
  }
  return {least,
          static_cast<std::uint32_t>(std::min(least * slot_bytes / block_bytes, kMostBlocks))};
}

/// A slot's words, if a block takes at least `block_bytes`.
std::uint64_t words_a_slot(const PoolCore& pool, std::size_t block_bytes) noexcept {
  return AtomicBitmap::words_for(bits::divide_up(pool.slot_bytes(), block_bytes));
}

SlotUse decode(std::uint64_t word) noexcept {
  return {static_cast<SlotUse::Kind>(word & 0xFF), static_cast<SizeClass>(word >> 8 & 0xFF),
          word >> 16};
}

std::uint64_t encode(SlotUse use) noexcept {
  return use.number << 16 | std::uint64_t{to_index(use.size_class)} << 8 |
         static_cast<std::uint64_t>(use.kind);
}

}  // namespace

std::size_t SlabTable::bytes_for(const PoolCore& pool) noexcept {
  const std::uint64_t hint_words = kSizeClasses * AtomicBitmap::words_for(pool.slots());
  const std::uint64_t words_each =
      1 + words_a_slot(pool, 8) + words_a_slot(pool, kLeastCoarseBytes);
  return (pool.slots() * words_each + hint_words) * sizeof(Word);
}

SlabTable::SlabTable(PoolCore& pool, std::byte* memory) noexcept
    : pool_(pool),
      hint_words_(AtomicBitmap::words_for(pool.slots())),
      fine_words_(words_a_slot(pool, 8)),
      coarse_words_(words_a_slot(pool, kLeastCoarseBytes)),
      uses_(reinterpret_cast<Gauge<std::uint64_t>*>(memory)),
      hints_(reinterpret_cast<Atomic<Word>*>(uses_ + pool.slots())),
      fine_(hints_ + kSizeClasses * hint_words_),
      coarse_(fine_ + pool.slots() * fine_words_) {
  for (unsigned index = 0; index < kSizeClasses; ++index) {
    const auto size_class = static_cast<SizeClass>(index);
    shapes_[index] = cut(size_class, pool);
    reciprocals_[index] = ~std::uint64_t{0} / bytes_of(size_class) + 1;
  }
}

SlotUse SlabTable::use_of(std::uint64_t slot) const noexcept { return decode(uses_[slot].get()); }

void SlabTable::set_use(std::uint64_t slot, SlotUse use) noexcept {
  slots_end_.raise(slot + 1);
  uses_[slot].set(encode(use));
}

bool SlabTable::is_used(std::uint64_t slot) const noexcept {
  std::uint64_t at = slot;
  while (at != 0 && use_of(at).kind == SlotUse::Kind::none) --at;  // to the slot that tells
  const SlotUse use = use_of(at);
  if (use.kind == SlotUse::Kind::run) return slot - at < use.number;
  if (use.kind == SlotUse::Kind::inside_run) {
    const std::uint64_t first = at - use.number;
    return slot - first < use_of(first).number;
  }
  return use.kind == SlotUse::Kind::slab && at == slot;
}

AtomicBitmap SlabTable::blocks_of(std::uint64_t slab, SizeClass size_class) const noexcept {
  const bool fine = bytes_of(size_class) < kLeastCoarseBytes;
  Atomic<Word>* const words = fine ? fine_ + slab * fine_words_ : coarse_ + slab * coarse_words_;
  const std::uint64_t blocks = shape_of(size_class).blocks;
  return AtomicBitmap::view(Words(words, AtomicBitmap::words_for(blocks)), blocks);
}

HintSet SlabTable::hints_of(SizeClass size_class) const noexcept {
  return HintSet(
      {hints_ + to_index(size_class) * hint_words_, AtomicBitmap::words_for(slots_end_.get())});
}

bool SlabTable::is_slab(std::uint64_t slab, SizeClass size_class) const noexcept {
  return uses_[slab].get() == encode({SlotUse::Kind::slab, size_class, 0});
}

// A hint may be stale: the slab was given back, and its slots may be another's by now, whose words the
// claim below then hits. But a block that is taken keeps its slab, so that after the claim it is certain
// whether the slab is the one that was meant; if not, the blocks are given back to whose they are.
BlockClaim SlabTable::take_from(std::uint64_t slab, SizeClass size_class, unsigned most) noexcept {
  if (!is_slab(slab, size_class)) return {};
  const AtomicBitmap::Claim claim = blocks_of(slab, size_class).take(most);
  if (claim.mask == 0) return {};
  if (is_slab(slab, size_class)) return {slab, claim.word, claim.mask};
  give_back_stray(slab, size_class, claim.word, claim.mask);
  return {};
}

void SlabTable::give_back_stray(std::uint64_t slab, SizeClass size_class, std::uint64_t word,
                                Word mask) noexcept {
  const std::uint64_t words =
      bytes_of(size_class) < kLeastCoarseBytes ? fine_words_ : coarse_words_;
  const std::uint64_t slot = slab + word / words;
  const std::uint64_t owner = slot - use_of(slot).number;
  static_cast<void>(
      give({owner, slab * words + word - owner * words, mask}));  // true: they are ours
}

BlockClaim SlabTable::take(SizeClass size_class, unsigned most) noexcept {
  HintSet hints = hints_of(size_class);
  for (auto slab = hints.find(0); slab; slab = hints.find(*slab + 1)) {
    const BlockClaim claim = take_from(*slab, size_class, most);
    if (claim.mask != 0) return claim;
    hints.remove(*slab);
    if (is_slab(*slab, size_class) && blocks_of(*slab, size_class).has_free()) hints.add(*slab);
  }
  return {};
}

BlockClaim SlabTable::take_from_new_slab(SizeClass size_class, unsigned most) noexcept {
  const SlabShape shape = shape_of(size_class);
  void* const run =
      shape.blocks != 0 ? pool_.try_allocate_run(shape.slots, Holder::resource) : nullptr;
  if (run == nullptr) return {};
  // A block is shown when it is handed out.
  annotate::poison(run, shape.slots * pool_.slot_bytes());
  const std::uint64_t slab = to_number(pool_.index_of(run));
  note_slab(slab, size_class);
  const unsigned taken = std::min(most, shape.blocks);
  blocks_of(slab, size_class).open(taken);
  if (taken < shape.blocks) hints_of(size_class).add(slab);
  return {slab, 0, bits::range(0, taken)};
}

void SlabTable::note_slab(std::uint64_t slab, SizeClass size_class) noexcept {
  const std::uint32_t slots = shape_of(size_class).slots;
  for (std::uint32_t back = 0; back < slots; ++back) {
    set_use(slab + back, {SlotUse::Kind::slab, size_class, back});
  }
}

void SlabTable::set_taken_slab(std::uint64_t slab, SizeClass size_class) noexcept {
  blocks_of(slab, size_class).open(1);  // first: with what is said of it, other threads may look
  note_slab(slab, size_class);
}

void SlabTable::forget_uses(std::uint64_t first, std::uint64_t slots) noexcept {
  for (std::uint64_t slot = first; slot < first + slots; ++slot) uses_[slot].set(0);
}

bool SlabTable::give(const BlockClaim& blocks) noexcept {
  const SizeClass size_class = use_of(blocks.slab).size_class;
  AtomicBitmap bitmap = blocks_of(blocks.slab, size_class);
  const Word before = bitmap.give_and_tell(blocks.word, blocks.mask);
  if (before == bits::kAllSet) hints_of(size_class).add(blocks.slab);
  const bool word_is_free = (before & ~blocks.mask) == bitmap.when_free(blocks.word);
  // Of several who give the last blocks of a slab at once, none need see that all are free.
  if (word_is_free) may_be_free().add(to_index(size_class));
  // From here on the slab may be gone, and another in its place: what follows finds that out.
  if (word_is_free && bitmap.is_all_free() && may_go(blocks.slab, size_class)) {
    try_release(blocks.slab, size_class);
  }
  return (before & blocks.mask) == blocks.mask;
}

bool SlabTable::may_go(std::uint64_t slab, SizeClass size_class) const noexcept {
  if (shape_of(size_class).slots * kLeastSlabs > pool_.slots()) return true;
  const HintSet hints = hints_of(size_class);
  const std::optional<std::uint64_t> first = hints.find(0);
  return first && (*first != slab || hints.find(slab + 1));
}

bool SlabTable::try_release(std::uint64_t slab, SizeClass size_class) noexcept {
  if (!is_slab(slab, size_class)) return false;
  const SlabShape shape = shape_of(size_class);
  AtomicBitmap bitmap = blocks_of(slab, size_class);
  const std::uint64_t first = std::min<std::uint64_t>(shape.blocks, kWordBits);
  if (!bitmap.claim_range(0, first)) return false;
  if (!is_slab(slab, size_class)) {  // as in take_from()
    give_back_stray(slab, size_class, 0, bits::range(0, static_cast<unsigned>(first)));
    return false;
  }
  if (shape.blocks > first && !bitmap.claim_range(first, shape.blocks - first)) {
    static_cast<void>(bitmap.give_range(0, first));  // true: they are ours
    hints_of(size_class).add(slab);                  // who looked meanwhile saw none
    may_be_free().add(to_index(size_class));         // who gave the last blocks saw ours
    return false;
  }
  hints_of(size_class).remove(slab);
  forget_uses(slab, shape.slots);
  // Every block is free; what was written to one meanwhile would be overwritten now, unnoticed.
  if constexpr (annotate::kHardened) pool_.show(slab, shape.slots);
  pool_.deallocate_run(pool_.address_of(slab), shape.slots, Holder::resource);
  return true;
}

std::uint64_t SlabTable::release_free_slabs() noexcept {
  std::uint64_t released = 0;
  for (auto index = may_be_free().find(0); index; index = may_be_free().find(*index + 1)) {
    const auto size_class = static_cast<SizeClass>(*index);
    may_be_free().remove(*index);  // first: who frees a slab from now on adds it again
    const HintSet hints = hints_of(size_class);
    for (auto slab = hints.find(0); slab; slab = hints.find(*slab + 1)) {
      if (!is_slab(*slab, size_class) || !blocks_of(*slab, size_class).is_all_free()) continue;
      if (try_release(*slab, size_class)) released += shape_of(size_class).slots;
    }
  }
  return released;
}

void SlabTable::release_all() noexcept {
  const std::uint64_t end = slots_end_.get();
  for (std::uint64_t slot = 0; slot < end; ++slot) {
    const SlotUse use = use_of(slot);
    if (use.kind == SlotUse::Kind::slab && use.number == 0) {
      const std::uint32_t slots = shape_of(use.size_class).slots;
      blocks_of(slot, use.size_class).close();
      hints_of(use.size_class).remove(slot);
      forget_uses(slot, slots);
      pool_.deallocate_run(pool_.address_of(slot), slots, Holder::resource);
    } else if (use.kind == SlotUse::Kind::run) {
      forget_uses(slot, use.number);
      pool_.deallocate_run(pool_.address_of(slot), use.number, Holder::resource);
    }
  }
}

BlockPlace SlabTable::place_of(const void* block) const noexcept {
  const std::uint64_t slot = to_number(pool_.index_of(block));
  const SlotUse use = use_of(slot);
  const std::uint64_t slab = slot - use.number;
  const auto offset =
      static_cast<std::uint64_t>(static_cast<const std::byte*>(block) - pool_.address_of(slab));
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{offset} * reciprocals_[to_index(use.size_class)];
  return {slab, static_cast<std::uint64_t>(product >> 64)};
}

}  // namespace bufferpool::detail
