// How slots move between the bitmap, the magazines and each other: the paths behind a push or pop that
// failed, and the runs, which bypass the magazines.
#include <algorithm>
#include <array>

#include "bufferpool/failure.hpp"
#include "bufferpool/pool_core.hpp"

namespace bufferpool::detail {

using bits::kWordBits;
using bits::Word;

namespace {

std::uint64_t lowest_slot(const AtomicBitmap::Claim& claim) noexcept {
  return claim.word * kWordBits + static_cast<unsigned>(std::countr_zero(claim.mask));
}

}  // namespace

std::uint32_t PoolCore::magazine_limit() const noexcept {
  const std::uint64_t threads = std::max<std::uint64_t>(1, magazines_in_use_.get());
  return static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>(slots_ / (4 * threads), 1, Magazine::kCapacity));
}

Magazine* PoolCore::claim_magazine() noexcept {
  if (Magazine* const own = magazine()) return own;
  const std::uint64_t ticket = claim_ticket();
  const std::uint32_t index = index_of_ticket(ticket);
  if (index >= magazine_count_) return nullptr;
  Magazine& own = magazines_[index];
  const std::uint64_t before = own.owner().get();
  if (before != 0 && is_ticket_in_use(before)) return nullptr;  // somebody is emptying it
  if (!own.owner().claim(before, ticket)) return nullptr;       // or has begun to
  if (before == 0) magazines_in_use_.add(1);
  magazines_end_.raise(index + 1);
  return &own;
}

std::uint64_t PoolCore::take_bit() noexcept {
  const AtomicBitmap::Claim claim = bitmap_.take(1);
  if (claim.mask == 0) return kNoSlot;
  note_taken(1);
  return lowest_slot(claim);
}

std::uint64_t PoolCore::take_slot_slowly() noexcept {
  Magazine* const own = claim_magazine();
  if (own != nullptr) {
    // Not empty if it is new to this thread: another one, which has ended, left slots there.
    const std::uint64_t slot = own->pop();
    if (slot != kNoSlot) return slot;
  }
  do {
    const std::uint64_t slot = own != nullptr ? refill(*own) : take_bit();
    if (slot != kNoSlot) return slot;
  } while (collect_idle_magazines());
  ask_others_back();
  return kNoSlot;
}

std::uint64_t PoolCore::refill(Magazine& own) noexcept {
  note_peak(&own);
  const std::uint32_t limit = magazine_limit();
  const AtomicBitmap::Claim claim = bitmap_.take(limit);
  if (claim.mask == 0) return kNoSlot;
  out_of_bitmap_.add(static_cast<std::uint64_t>(std::popcount(claim.mask)));
  own.set_limit(limit);
  // The lowest is the caller's. The others highest first, so that slots are handed out upwards, as the
  // hardware prefetches. A push fails only if another thread asks for the slots at this moment.
  Word rest = claim.mask & (claim.mask - 1);
  while (rest != 0) {
    const unsigned highest = kWordBits - 1 - static_cast<unsigned>(std::countl_zero(rest));
    if (!own.push(static_cast<SlotIndex>(claim.word * kWordBits + highest))) break;
    rest ^= Word{1} << highest;
  }
  if (rest != 0) give_word(claim.word, rest);
  own.mark_low_water();
  return lowest_slot(claim);
}

void PoolCore::give_slot_slowly(SlotIndex slot) noexcept {
  Magazine* const own = claim_magazine();
  if (own == nullptr) return give_range(to_number(slot), 1);
  note_peak(own);
  const std::uint32_t limit = magazine_limit();
  const bool asked_back = own->limit() == 0 && own->fill() != 0;
  const std::uint32_t keep = asked_back ? 0 : limit / 2;
  if (own->fill() > keep) empty(*own, own->fill() - keep);
  own->set_limit(limit);
  own->mark_low_water();
  if (asked_back || !own->push(slot)) give_range(to_number(slot), 1);
}

void PoolCore::empty(Magazine& full, std::uint32_t slots) noexcept {
  note_peak(magazine());
  std::array<SlotIndex, Magazine::kCapacity> pending;
  std::copy_n(full.oldest(slots).begin(), slots, pending.begin());
  full.drop_oldest(slots);
  full.mark_low_water();

  // Slots of one word go back in one operation.
  for (std::uint32_t left = slots; left != 0;) {
    const std::uint64_t word = to_number(pending[0]) / kWordBits;
    Word mask = 0;
    std::uint32_t others = 0;
    for (std::uint32_t i = 0; i < left; ++i) {
      const std::uint64_t slot = to_number(pending[i]);
      if (slot / kWordBits == word) {
        mask |= Word{1} << (slot % kWordBits);
      } else {
        pending[others++] = pending[i];
      }
    }
    give_word(word, mask);
    left = others;
  }
}

void PoolCore::give_word(std::uint64_t word, Word mask) noexcept {
  if (has_magazines()) out_of_bitmap_.subtract(static_cast<std::uint64_t>(std::popcount(mask)));
  if (!bitmap_.give(word, mask)) {
    fail(
        "bufferpool: pool %llu: a slot from %llu to %llu was given back twice; give each back once",
        static_cast<unsigned long long>(id_), static_cast<unsigned long long>(word * kWordBits),
        static_cast<unsigned long long>(word * kWordBits + kWordBits - 1));
  }
}

void PoolCore::give_range(std::uint64_t first, std::uint64_t slots) noexcept {
  if (has_magazines()) note_peak(magazine());
  for (std::uint64_t done = 0; done < slots;) {
    const std::uint64_t slot = first + done;
    const std::uint64_t count = std::min(slots - done, kWordBits - slot % kWordBits);
    give_word(slot / kWordBits,
              bits::range(static_cast<unsigned>(slot % kWordBits), static_cast<unsigned>(count)));
    done += count;
  }
  if (Magazine* const own = magazine()) own->mark_low_water();
}

bool PoolCore::collect_idle_magazines() noexcept {
  bool found = false;
  for (std::uint32_t index = 0; index < magazines_end_.get(); ++index) {
    Magazine& idle = magazines_[index];
    const std::uint64_t before = idle.owner().get();
    if (before == 0 || is_ticket_in_use(before)) continue;
    if (!idle.owner().claim(before, kCollectorTicket)) continue;
    found |= idle.fill() != 0;
    empty(idle, idle.fill());
    idle.owner().release(0);
    magazines_in_use_.subtract(1);
  }
  return found;
}

void PoolCore::ask_others_back() noexcept {
  const Magazine* const own = magazine();
  for (std::uint32_t index = 0; index < magazines_end_.get(); ++index) {
    Magazine& other = magazines_[index];
    if (&other != own && other.fill() != 0) other.ask_back();
  }
}

std::uint64_t PoolCore::take_run(std::uint64_t slots) noexcept {
  if (slots > slots_) return kNoSlot;
  std::optional<std::uint64_t> first = bitmap_.take_run(slots);
  if (!first) {
    if (Magazine* const own = magazine()) empty(*own, own->fill());
    collect_idle_magazines();
    first = bitmap_.take_run(slots);
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
    // What stands in the way may be a free slot in our own magazine.
    Magazine* const own = magazine();
    if (own == nullptr || !own->holds_any_of(first, slots)) return false;
    empty(*own, own->fill());
    if (!bitmap_.claim_range(first, slots)) return false;
  }
  note_taken(slots);
  return true;
}

void PoolCore::note_taken(std::uint64_t slots) noexcept {
  Magazine* const own = magazine();
  if (own != nullptr) {
    // The low water of before goes with the number of before.
    note_peak(own);
    own->mark_low_water();
  }
  if (has_magazines()) out_of_bitmap_.add(slots);
  note_peak(own);
}

void PoolCore::note_peak(const Magazine* own) noexcept {
  const std::uint64_t out = count_out();
  const std::uint64_t cached = own != nullptr ? own->low_water() : 0;
  if (out > cached) peak_.raise(out - cached);
}

}  // namespace bufferpool::detail
