// How slots move between the bitmap and the magazines: the paths behind a push or pop that failed.
#include <algorithm>
#include <array>
#include <span>

#include "bufferpool/failure.hpp"
#include "bufferpool/pool_core.hpp"

namespace bufferpool::detail {

using bits::bit_of;
using bits::kWordBits;
using bits::Word;

namespace {

/// A refill looks for slots that lie alone in so many words, as long as there are many of them.
constexpr std::uint64_t kWordsOfARefill = 16;

std::uint64_t count_slots(std::span<const AtomicBitmap::Claim> claims) noexcept {
  std::uint64_t slots = 0;
  for (const AtomicBitmap::Claim& claim : claims) slots += bits::count(claim.mask);
  return slots;
}

/// The slots, those of a word together; neighbours are often of one. Returns the part of `claims` that it
/// filled.
std::span<AtomicBitmap::Claim> gather(std::span<const SlotIndex> slots,
                                      std::span<AtomicBitmap::Claim> claims) noexcept {
  std::size_t filled = 0;
  for (auto slot = slots.begin(); slot != slots.end();) {
    const std::uint64_t word = to_number(*slot) / kWordBits;
    Word mask = 0;
    for (; slot != slots.end() && to_number(*slot) / kWordBits == word; ++slot) {
      mask |= bit_of(to_number(*slot));
    }
    const std::span<AtomicBitmap::Claim> known = claims.first(filled);
    const auto same = std::ranges::find(known, word, &AtomicBitmap::Claim::word);
    if (same != known.end()) {
      same->mask |= mask;
    } else {
      claims[filled++] = {word, mask};
    }
  }
  return claims.first(filled);
}

}  // namespace

std::uint32_t PoolCore::magazine_limit() const noexcept {
  return static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>(slots_ / (4 * caches_.sharers()), 1, SlotCache::Slots::kCapacity));
}

// A slot is counted as out after its bit was set, and no longer before its bit is cleared, so the count is
// never above the number of bits that are set: when it says "full", every bit was set at that moment. A
// give-back that comes before this call was counted before it.
bool PoolCore::lacks(std::uint64_t slots) const noexcept {
  return caches_.has_any() && slots > slots_ - out_of_bitmap_.get();
}

std::uint64_t PoolCore::take_bit() noexcept {
  if (lacks(1)) return kNoSlot;
  const AtomicBitmap::Claim claim = bitmap_.take(1);
  if (claim.mask == 0) return kNoSlot;
  note_taken(1);
  return claim.lowest();
}

std::uint64_t PoolCore::take_slot_slowly() noexcept {
  SlotCache* const own = caches_.claim();
  if (own != nullptr) {
    // Not empty if it is new to this thread: another one, which has ended, left slots there.
    const std::uint64_t slot = own->slots.pop_or(kNoSlot);
    if (slot != kNoSlot) return slot;
  }
  do {
    const std::uint64_t slot = own != nullptr ? refill(*own) : take_bit();
    if (slot != kNoSlot) return slot;
  } while (collect_ended_threads());
  ask_others_back();
  return kNoSlot;
}

std::uint64_t PoolCore::refill(SlotCache& own) noexcept {
  note_peak(&own);
  if (lacks(1)) return kNoSlot;
  const std::uint32_t limit = magazine_limit();
  // In a nearly full pool free slots lie alone in their words. Not more than a share of them: what an idle
  // thread has in its magazine it does not give back.
  std::array<AtomicBitmap::Claim, kWordsOfARefill> room;
  const std::uint64_t share = (slots_ - out_of_bitmap_.get()) / (4 * caches_.sharers());
  const std::uint64_t words = std::clamp<std::uint64_t>(share, 1, kWordsOfARefill);
  const std::span claims = bitmap_.take_several(limit, std::span(room).first(words));
  if (claims.empty()) return kNoSlot;
  out_of_bitmap_.add(count_slots(claims));
  own.slots.set_limit(limit);
  // The lowest is the caller's. The others are pushed so that slots are handed out upwards, as the hardware
  // prefetches.
  const std::uint64_t lowest = claims.front().lowest();
  claims.front().mask &= claims.front().mask - 1;
  for (auto claim = claims.rbegin(); claim != claims.rend(); ++claim) {
    const Word rest = own.slots.push_bits(claim->mask, [&](unsigned bit) {
      return static_cast<SlotIndex>(claim->word * kWordBits + bit);
    });
    if (rest != 0) give_word(claim->word, rest);
  }
  own.slots.mark_low_water();
  return lowest;
}

void PoolCore::give_slot_slowly(SlotIndex slot) noexcept {
  SlotCache* const own = caches_.claim();
  if (own == nullptr) return give_range(to_number(slot), 1);
  note_peak(own);
  SlotCache::Slots& slots = own->slots;
  const std::uint32_t limit = magazine_limit();
  const bool asked_back = slots.is_asked_back();
  const std::uint32_t keep = asked_back ? 0 : limit / 2;
  if (slots.fill() > keep) empty(slots, slots.fill() - keep);
  slots.set_limit(limit);
  slots.mark_low_water();
  if (asked_back || !slots.push(slot)) give_range(to_number(slot), 1);
}

void PoolCore::answer_request() noexcept {
  SlotCache* const own = caches_.mine();
  if (own == nullptr || !own->slots.is_asked_back()) return;
  empty(own->slots, own->slots.fill());
  own->slots.set_limit(magazine_limit());
}

void PoolCore::give_after_quarantine(SlotIndex slot) noexcept {
  const SlotCache* const own = caches_.mine();
  if (!caches_.has_any() || (own != nullptr && own->slots.is_asked_back())) {
    return give_slot_at_once(slot);
  }
  note_peak(own);
  out_of_bitmap_.subtract(1);  // its bit is still set, so the count is not too high
  const std::uint64_t leaves = quarantine_.exchange(to_number(slot) + 1);
  if (leaves == 0) return;
  out_of_bitmap_.add(1);
  give_slot_at_once(static_cast<SlotIndex>(leaves - 1));
}

bool PoolCore::drain_quarantine() noexcept {
  if constexpr (!annotate::kHardened) return false;
  return quarantine_.drain([this](std::uint64_t leaves) {
    out_of_bitmap_.add(1);  // give_word() subtracts it; nobody held it, so there is no peak to note
    give_word((leaves - 1) / kWordBits, bit_of(leaves - 1));
  });
}

void PoolCore::empty(SlotCache::Slots& full, std::uint32_t slots) noexcept {
  if (slots == 0) return;
  note_peak(caches_.mine());
  std::array<AtomicBitmap::Claim, SlotCache::Slots::kCapacity> room;
  const std::span claims = gather(full.entries().first(slots), room);
  full.drop_oldest(slots);
  full.mark_low_water();
  out_of_bitmap_.subtract(slots);
  const AtomicBitmap::Claim* const twice = bitmap_.give_several(claims);
  if (twice != nullptr) fail_given_twice(twice->word * kWordBits, kWordBits);
}

void PoolCore::give_word(std::uint64_t word, Word mask) noexcept {
  if (caches_.has_any()) out_of_bitmap_.subtract(bits::count(mask));
  if (!bitmap_.give(word, mask)) fail_given_twice(word * kWordBits, kWordBits);
}

void PoolCore::fail_given_twice(std::uint64_t first, std::uint64_t slots) const noexcept {
  fail("bufferpool: pool %llu: a slot from %llu to %llu was given back twice; give each back once",
       printable(id_), printable(first), printable(std::min(first + slots, slots_) - 1));
}

bool PoolCore::collect_ended_threads() noexcept {
  bool found = false;
  caches_.collect_ended([&](SlotCache& idle) {
    found |= idle.slots.fill() != 0;
    empty(idle.slots, idle.slots.fill());
  });
  return drain_quarantine() || found;
}

void PoolCore::ask_others_back() noexcept {
  const SlotCache* const own = caches_.mine();
  for (SlotCache& other : caches_.ever_used()) {
    if (&other != own && other.slots.fill() != 0) other.slots.ask_back();
  }
}

void PoolCore::note_taken(std::uint64_t slots) noexcept {
  SlotCache* const own = caches_.mine();
  if (own != nullptr) {
    // The low water of before goes with the number of before.
    note_peak(own);
    own->slots.mark_low_water();
  }
  if (caches_.has_any()) out_of_bitmap_.add(slots);
  note_peak(own);
}

void PoolCore::note_given(SlotCache* own) noexcept {
  if (own == nullptr) return;
  own->slots.mark_low_water();
  answer_request();
}

void PoolCore::note_peak(const SlotCache* own) noexcept {
  const std::uint64_t out = count_out();
  const std::uint64_t cached = own != nullptr ? own->slots.low_water() : 0;
  if (out > cached) peak_.raise(out - cached);
}

}  // namespace bufferpool::detail
