// How blocks come back to their slabs, and free slabs to the pool.
#include <algorithm>

#include "bufferpool/annotate.hpp"
#include "bufferpool/slab_table.hpp"

namespace bufferpool::detail {

using bits::kWordBits;
using bits::Word;

void SlabTable::return_slots(std::uint64_t first, std::uint64_t slots) noexcept {
  for (std::uint64_t slot = first; slot < first + slots; ++slot) uses_[slot].set(0);
  pool_.deallocate_run(pool_.address_of(first), slots, Holder::resource);
}

// One block: its bit stays set, as in a slab that was claimed to go. Of 64 blocks and more a slab is worth
// more than the hints cost that lead to it. What is free all the same was given back twice.
bool SlabTable::is_whole_slab(const BlockClaim& blocks, SizeClass size_class) const noexcept {
  const std::uint32_t all = shape_of(size_class).blocks;
  if (all == 1) return true;
  return all < kWordBits && blocks.mask == bits::range(0, all) &&
         !blocks_of(blocks.slab, size_class).has_free();
}

bool SlabTable::give(const BlockClaim& blocks) noexcept {
  const SizeClass size_class = use_of(blocks.slab).size_class;
  if (is_whole_slab(blocks, size_class)) {
    // A hint of it may be left from when it had free blocks; mostly there is none.
    HintSet hints = hints_of(size_class);
    if (hints.has(blocks.slab)) hints.remove(blocks.slab);
    end_slab(blocks.slab, size_class);  // nobody else can have any of its blocks
    return true;
  }
  AtomicBitmap bitmap = blocks_of(blocks.slab, size_class);
  const Word before = bitmap.give_and_tell(blocks.word, blocks.mask);
  if (before == bits::kAllSet) hints_of(size_class).add(blocks.slab);
  const bool word_is_free = (before & ~blocks.mask) == bitmap.when_free(blocks.word);
  // Of several who give the last blocks of a slab at once, none need see that all are free.
  if (word_is_free) may_be_free().add(blocks.slab);
  // From here on the slab may be gone, and another in its place: what follows finds that out.
  if (word_is_free && bitmap.is_all_free() && may_go(blocks.slab, size_class)) {
    try_release(blocks.slab, size_class);
  }
  return (before & blocks.mask) == blocks.mask;
}

void SlabTable::give_slots(const BlockClaim& blocks) noexcept {
  for (Word rest = blocks.mask; rest != 0; rest &= rest - 1) {
    const std::uint64_t slot = bits::lowest_number(blocks.word, rest);
    if constexpr (annotate::kHardened) pool_.show(slot, 1);
    uses_[slot].set(0);
  }
  pool_.deallocate_slots({blocks.word, blocks.mask}, Holder::resource);
}

bool SlabTable::may_go(std::uint64_t slab, SizeClass size_class) const noexcept {
  if (is_long(size_class)) return true;
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
    give_back_stray({slab, 0, bits::range(0, static_cast<unsigned>(first))});
    return false;
  }
  if (shape.blocks > first && !bitmap.claim_range(first, shape.blocks - first)) {
    static_cast<void>(bitmap.give_range(0, first));  // true: they are ours
    hints_of(size_class).add(slab);                  // who looked meanwhile saw none
    may_be_free().add(slab);                         // who gave the last blocks saw ours
    return false;
  }
  hints_of(size_class).remove(slab);
  end_slab(slab, size_class);
  return true;
}

void SlabTable::end_slab(std::uint64_t slab, SizeClass size_class) noexcept {
  const std::uint32_t slots = shape_of(size_class).slots;
  // Every block is free; what was written to one meanwhile would be overwritten now, unnoticed.
  if constexpr (annotate::kHardened) pool_.show(slab, slots);
  return_slots(slab, slots);
}

std::uint64_t SlabTable::release_free_slabs() noexcept {
  std::uint64_t released = 0;
  for (auto slab = may_be_free().find(0); slab; slab = may_be_free().find(*slab + 1)) {
    may_be_free().remove(*slab);  // first: who frees it from now on adds it again
    const SlotUse use = use_of(*slab);
    const bool begins_here = use.kind == SlotUse::Kind::slab && use.number == 0;
    if (!begins_here || !blocks_of(*slab, use.size_class).is_all_free()) continue;
    if (try_release(*slab, use.size_class)) released += shape_of(use.size_class).slots;
  }
  return released;
}

void SlabTable::release_all() noexcept {
  const std::uint64_t end = slots_end_.get();
  for (std::uint64_t slot = 0; slot < end; ++slot) {
    const SlotUse use = use_of(slot);
    if (use.kind == SlotUse::Kind::slab && use.number == 0) {
      blocks_of(slot, use.size_class).close();
      hints_of(use.size_class).remove(slot);
      return_slots(slot, shape_of(use.size_class).slots);
    } else if (use.kind == SlotUse::Kind::run) {
      return_slots(slot, use.number);
    }
  }
}

}  // namespace bufferpool::detail
