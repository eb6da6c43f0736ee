// Runs of slots, and slots by the word, which bypass the magazines.
#include <algorithm>
#include <optional>

#include "bufferpool/pool_core.hpp"

namespace bufferpool::detail {

namespace {

/// True if one of the slots [first, first + count) is here.
bool holds_any_of(const SlotCache::Slots& here, std::uint64_t first, std::uint64_t count) noexcept {
  return std::ranges::any_of(here.entries(),
                             [=](SlotIndex slot) { return to_number(slot) - first < count; });
}

}  // namespace

std::uint64_t PoolCore::take_run(std::uint64_t slots) noexcept {
  if (slots > slots_) return kNoSlot;
  const auto search = [=, this] { return lacks(slots) ? std::nullopt : bitmap_.take_run(slots); };
  std::optional<std::uint64_t> first = search();
  if (!first) {
    if (SlotCache* const own = caches_.mine()) empty(own->slots, own->slots.fill());
    collect_ended_threads();
    first = search();
  }
  if (!first) {
    ask_others_back();
    return kNoSlot;
  }
  note_taken(slots);
  return *first;
}

bool PoolCore::take_range(std::uint64_t first, std::uint64_t slots) noexcept {
  if (slots > slots_ || first > slots_ - slots) return false;
  if (!bitmap_.claim_range(first, slots)) {
    // What stands in the way may be a free slot in our own magazine, or in quarantine.
    SlotCache* const own = caches_.mine();
    const bool is_cached = own != nullptr && holds_any_of(own->slots, first, slots);
    if (is_cached) empty(own->slots, own->slots.fill());
    const bool waits = quarantine_.has([=](std::uint64_t of) { return of - 1 - first < slots; });
    if (waits) drain_quarantine();
    if (!waits && !is_cached) return false;
    if (!bitmap_.claim_range(first, slots)) return false;
  }
  note_taken(slots);
  return true;
}

void PoolCore::give_range(std::uint64_t first, std::uint64_t slots) noexcept {
  SlotCache* const own = caches_.mine();
  if (caches_.has_any()) {
    note_peak(own);
    out_of_bitmap_.subtract(slots);
  }
  if (!bitmap_.give_range(first, slots)) fail_given_twice(first, slots);
  note_given(own);
}

AtomicBitmap::Claim PoolCore::try_allocate_slots(unsigned most, Holder holder) noexcept {
  AtomicBitmap::Claim claim = lacks(1) ? AtomicBitmap::Claim{} : bitmap_.take(most);
  if (claim.mask != 0) {
    note_taken(bits::count(claim.mask));
  } else {
    const std::uint64_t slot = take_slot();  // of a magazine
    if (slot == kNoSlot) return {};
    claim = {slot / bits::kWordBits, bits::bit_of(slot)};
  }
  for (bits::Word rest = claim.mask; rest != 0; rest &= rest - 1) {
    static_cast<void>(hand_out(bits::lowest_number(claim.word, rest), 1, holder));
  }
  return claim;
}

void PoolCore::deallocate_slots(const AtomicBitmap::Claim& slots, Holder holder) noexcept {
  for (bits::Word rest = slots.mask; rest != 0; rest &= rest - 1) {
    const std::uint64_t slot = bits::lowest_number(slots.word, rest);
    if (!chunks_[slot].live.unhold(1, holder)) fail_release(address_of(slot), 1);
    hide(slot, 1);
    if constexpr (annotate::kHardened) give_slot(static_cast<SlotIndex>(slot));
  }
  if constexpr (annotate::kHardened) return;
  SlotCache* const own = caches_.mine();
  if (caches_.has_any()) note_peak(own);
  give_word(slots.word, slots.mask);
  note_given(own);
}

}  // namespace bufferpool::detail
