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
/// Of the slots of a pool: for each class, and one for all.
constexpr std::uint64_t kHintSets = kSizeClasses + 1;

/// At most an eighth of a slab is left over behind its last block; where no few slots leave that, as little as can be; as
/// few slots as hold a block where the pool has not enough of them.
SlabShape cut(SizeClass size_class, const PoolCore& pool, std::uint64_t least_slabs) noexcept {
  const std::size_t block_bytes = bytes_of(size_class);
  const auto slab_of = [&](std::uint64_t slots) -> SlabShape {
    const std::uint64_t blocks = slots * pool.slot_bytes() / block_bytes;
    return {static_cast<std::uint32_t>(slots),
            static_cast<std::uint32_t>(std::min(blocks, kMostBlocks))};
  };
  const std::uint64_t least = bits::divide_up(block_bytes, pool.slot_bytes());
  if (least > 4 || least > pool.slots()) return {0, 0};
  SlabShape best = slab_of(least);
  for (std::uint64_t slots = least; slots <= kMostSlabSlots; ++slots) {
    if (slots > least && pool.slots() / slots < least_slabs) return slab_of(least);
    const SlabShape found = slab_of(slots);
    const std::size_t bytes = slots * pool.slot_bytes();
    if (bytes % block_bytes <= bytes / 8) return found;
    const bool has_more_a_slot =
        std::uint64_t{found.blocks} * best.slots > std::uint64_t{best.blocks} * found.slots;
    if (has_more_a_slot) best = found;
  }
  return best;
}

/// Which array of bits is for blocks of so many bytes.
std::size_t array_of(std::size_t block_bytes) noexcept {
  return std::min(static_cast<std::size_t>(std::bit_width(block_bytes / 8)), kBitArrays) - 1;
}

/// Of an array of bits.
std::uint64_t words_a_slot(const PoolCore& pool, std::size_t array) noexcept {
  return AtomicBitmap::words_for(bits::divide_up(pool.slot_bytes(), std::size_t{8} << array));
}

SlotUse decode(std::uint64_t word) noexcept {
  return {static_cast<SlotUse::Kind>(word & 0xFF), static_cast<SizeClass>(word >> 8 & 0xFF),
          word >> 24, static_cast<std::uint8_t>(word >> 16 & 0xFF)};
}

std::uint64_t encode(SlotUse use) noexcept {
  return use.number << 24 | std::uint64_t{use.alignment_bits} << 16 |
         std::uint64_t{to_index(use.size_class)} << 8 | static_cast<std::uint64_t>(use.kind);
}

}  // namespace

std::size_t SlabTable::bytes_for(const PoolCore& pool) noexcept {
  const std::uint64_t hint_words = kHintSets * HintSet::words_for(pool.slots());
  std::uint64_t words_each = 1;
  for (std::size_t array = 0; array < kBitArrays; ++array) words_each += words_a_slot(pool, array);
  return (pool.slots() * words_each + hint_words) * sizeof(Word);
}

SlabTable::SlabTable(PoolCore& pool, std::byte* memory) noexcept
    : pool_(pool),
      hint_words_(HintSet::words_for(pool.slots())),
      uses_(reinterpret_cast<Gauge<std::uint64_t>*>(memory)),
      hints_(reinterpret_cast<HintWord*>(uses_ + pool.slots())) {
  auto* words = reinterpret_cast<Atomic<Word>*>(hints_ + kHintSets * hint_words_);
  for (std::size_t array = 0; array < kBitArrays; ++array) {
    bit_arrays_[array] = {words, words_a_slot(pool, array)};
    words += pool.slots() * bit_arrays_[array].words_a_slot;
  }
  for (unsigned index = 0; index < kSizeClasses; ++index) {
    const auto size_class = static_cast<SizeClass>(index);
    shapes_[index] = cut(size_class, pool, kLeastSlabs);
    strides_[index] = fills_slot(size_class) ? pool.slot_bytes() : bytes_of(size_class);
    reciprocals_[index] = ~std::uint64_t{0} / strides_[index] + 1;
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
  const BitArray& array = bit_arrays_[array_of(bytes_of(size_class))];
  const std::uint64_t blocks = shape_of(size_class).blocks;
  Atomic<Word>* const words = array.words + slab * array.words_a_slot;
  return AtomicBitmap::view(Words(words, AtomicBitmap::words_for(blocks)), blocks);
}

HintSet SlabTable::hints_of(SizeClass size_class) const noexcept {
  return {{hints_ + to_index(size_class) * hint_words_, hint_words_}, pool_.slots()};
}

HintSet SlabTable::may_be_free() noexcept {
  return {{hints_ + kSizeClasses * hint_words_, hint_words_}, pool_.slots()};
}

bool SlabTable::is_slab(std::uint64_t slab, SizeClass size_class) const noexcept {
  return uses_[slab].get() == encode({SlotUse::Kind::slab, size_class, 0});
}

// A hint may be stale: the slab was given back, and its slots may be another's by now, whose words the
// claim below then hits. But a block that is taken keeps its slab, so that after the claim it is certain
// whether the slab is the one that was meant; if not, the blocks are given back to whose they are.
BlockClaim SlabTable::take_from(std::uint64_t slab, SizeClass size_class, unsigned most,
                                std::uint32_t from) noexcept {
  if (!is_slab(slab, size_class)) return {};
  const std::uint64_t words = AtomicBitmap::words_for(shape_of(size_class).blocks);
  const AtomicBitmap::Claim claim =
      blocks_of(slab, size_class).take_round(words * from >> 32, most);
  if (claim.mask == 0) return {};
  if (is_slab(slab, size_class)) return {slab, claim.word, claim.mask};
  give_back_stray({slab, claim.word, claim.mask});
  return {};
}

/// To the slab that begins there now: of one that begins before, the words here are closed, since no slab of several
/// slots has more blocks than a word.
void SlabTable::give_back_stray(const BlockClaim& blocks) noexcept {
  static_cast<void>(give(blocks));  // true: they are ours
}

BlockClaim SlabTable::take(SizeClass size_class, unsigned most, std::uint32_t from) noexcept {
  if (shape_of(size_class).blocks == 1) return {};  // there is none with a free block
  HintSet hints = hints_of(size_class);
  for (auto slab = hints.find(0); slab; slab = hints.find(*slab + 1)) {
    const BlockClaim claim = take_from(*slab, size_class, most, from);
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

BlockClaim SlabTable::take_slots(SizeClass size_class, unsigned most) noexcept {
  const AtomicBitmap::Claim claim = pool_.try_allocate_slots(most, Holder::resource);
  for (Word rest = claim.mask; rest != 0; rest &= rest - 1) {
    const std::uint64_t slot = bits::lowest_number(claim.word, rest);
    annotate::poison(pool_.address_of(slot), pool_.slot_bytes());
    note_slab(slot, size_class);
  }
  return {0, claim.word, claim.mask};
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

BlockPlace SlabTable::place_of(const void* block) const noexcept {
  const std::uint64_t slot = to_number(pool_.index_of(block));
  const SlotUse use = use_of(slot);
  const std::uint64_t slab = slot - use.number;
  const auto offset =
      static_cast<std::size_t>(static_cast<const std::byte*>(block) - pool_.address_of(slab));
  return {slab, number_at(offset, use.size_class)};
}

BlockClaim SlabTable::claim_of(const void* block, SizeClass size_class) const noexcept {
  const BlockPlace place =
      fills_slot(size_class) ? BlockPlace{0, to_number(pool_.index_of(block))} : place_of(block);
  return {place.slab, place.block / kWordBits, bits::bit_of(place.block)};
}

}  // namespace bufferpool::detail
