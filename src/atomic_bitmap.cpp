#include "bufferpool/atomic_bitmap.hpp"

#include <algorithm>
#include <utility>

namespace bufferpool::detail {
namespace {

using bits::bit_of;
using bits::kAllSet;
using bits::kWordBits;
using bits::Word;

/// The part of a range of slots that lies in one word.
struct Piece {
  std::uint64_t word;
  Word mask;
  std::uint64_t count;
};

Piece first_piece(std::uint64_t first, std::uint64_t count) noexcept {
  const auto offset = static_cast<unsigned>(first % kWordBits);
  const std::uint64_t room = kWordBits - offset;
  const std::uint64_t taken = count < room ? count : room;
  return {first / kWordBits, bits::range(offset, static_cast<unsigned>(taken)), taken};
}

}  // namespace

AtomicBitmap::AtomicBitmap(Words words, Words summary, std::uint64_t slots) noexcept
    : words_(words), summary_(summary), slots_(slots) {
  const auto close_tail = [](Words tail, std::uint64_t used) {
    const auto rest = static_cast<unsigned>(used % kWordBits);
    // Relaxed: no other thread knows the bitmap yet.
    if (rest != 0) tail.back().store(kAllSet << rest, std::memory_order_relaxed);
  };
  close_tail(words_, slots);
  if (!summary_.empty()) close_tail(summary_, words_.size());
}

void AtomicBitmap::open(unsigned taken) noexcept {
  for (std::uint64_t word = words_.size(); word-- != 0;) {
    const Word kept = word == 0 ? bits::range(0, taken) : 0;
    // Release: pairs with the acquire in take_from(); publishes what the caller wrote about the slots.
    // A store may overwrite, as all bits that could be free are the caller's.
    words_[word].store(when_free(word) | kept, std::memory_order_release);
  }
}

void AtomicBitmap::close() noexcept {
  for (Atomic<Word>& word : words_) {
    // Relaxed: by contract no other thread looks.
    word.store(kAllSet, std::memory_order_relaxed);
  }
}

bool AtomicBitmap::has_free() const noexcept {
  return std::ranges::any_of(words_, [](const Atomic<Word>& word) {
    // Relaxed: a snapshot; who concludes something from it has an order of its own.
    return word.load(std::memory_order_relaxed) != kAllSet;
  });
}

bool AtomicBitmap::is_all_free() const noexcept {
  for (std::uint64_t word = 0; word < words_.size(); ++word) {
    // Relaxed: a snapshot, as in has_free().
    if (words_[word].load(std::memory_order_relaxed) != when_free(word)) return false;
  }
  return true;
}

Word AtomicBitmap::take_from(std::uint64_t word, unsigned most) noexcept {
  // Relaxed: only a guess at what the exchange below will find.
  Word seen = words_[word].load(std::memory_order_relaxed);
  Word mask = 0;
  do {
    if (seen == kAllSet) return 0;
    mask = bits::lowest(~seen, most);
    // Acquire: pairs with the release in give(); the last holder's accesses come before ours.
    // Relaxed on failure: the loop only looks at the value.
  } while (!words_[word].compare_exchange_weak(seen, seen | mask, std::memory_order_acquire,
                                               std::memory_order_relaxed));
  return mask;
}

bool AtomicBitmap::claim(std::uint64_t word, Word mask) noexcept {
  // Relaxed: only a guess at what the exchange below will find.
  Word seen = words_[word].load(std::memory_order_relaxed);
  do {
    if ((seen & mask) != 0) return false;
    // Acquire: pairs with the release in give(), as in take_from(). Relaxed on failure: as there.
  } while (!words_[word].compare_exchange_weak(seen, seen | mask, std::memory_order_acquire,
                                               std::memory_order_relaxed));
  const Claim claimed{word, mask};
  if ((seen | mask) == kAllSet && !summary_.empty()) note_full({&claimed, 1});
  return true;
}

AtomicBitmap::Claim AtomicBitmap::take(unsigned most) noexcept {
  const Claim claim = take_lowest(most);
  if (claim.mask != 0 && !summary_.empty()) note_full({&claim, 1});
  return claim;
}

AtomicBitmap::Claim AtomicBitmap::take_round(std::uint64_t from, unsigned most) noexcept {
  const Claim found = take_between(from, words_.size(), most);
  return found.mask != 0 ? found : take_between(0, from, most);
}

std::span<AtomicBitmap::Claim> AtomicBitmap::take_several(unsigned most,
                                                          std::span<Claim> claims) noexcept {
  std::size_t filled = 0;
  for (Claim next = take_lowest(most); next.mask != 0;) {
    claims[filled++] = next;
    most -= bits::count(next.mask);
    if (most == 0 || filled == claims.size() || summary_.empty()) break;
    next = take_from_group(next.word / kWordBits, next.word % kWordBits + 1, most);
  }
  if (filled != 0 && !summary_.empty()) note_full(claims.first(filled));
  return claims.first(filled);
}

AtomicBitmap::Claim AtomicBitmap::take_lowest(unsigned most) noexcept {
  for (std::uint64_t group = 0; group < summary_.size(); ++group) {
    const Claim found = take_from_group(group, 0, most);
    if (found.mask != 0) return found;
  }
  return take_between(0, words_.size(), most);
}

AtomicBitmap::Claim AtomicBitmap::take_between(std::uint64_t begin, std::uint64_t end,
                                               unsigned most) noexcept {
  for (std::uint64_t word = begin; word < end; ++word) {
    if (const Word mask = take_from(word, most)) return {word, mask};
  }
  return {0, 0};
}

AtomicBitmap::Claim AtomicBitmap::take_from_group(std::uint64_t group, unsigned from,
                                                  unsigned most) noexcept {
  if (from == kWordBits) return {0, 0};
  // Relaxed: a hint; the word itself decides.
  Word hopeful = ~summary_[group].load(std::memory_order_relaxed) & (kAllSet << from);
  for (; hopeful != 0; hopeful &= hopeful - 1) {
    const std::uint64_t word = bits::lowest_number(group, hopeful);
    if (const Word mask = take_from(word, most)) return {word, mask};
  }
  return {0, 0};
}

std::optional<std::uint64_t> AtomicBitmap::take_run(std::uint64_t count) noexcept {
  if (count == 0 || count > words_.size() * kWordBits) return std::nullopt;
  if (!summary_.empty()) {
    if (const auto first = search_run(count, summary_)) return first;
  }
  return search_run(count, {});
}

std::optional<std::uint64_t> AtomicBitmap::search_run(std::uint64_t count,
                                                      Words full_words) noexcept {
  std::uint64_t run_slots = 0;  // length of the free run that ends where the scan stands
  for (std::uint64_t word = 0; word < words_.size(); ++word) {
    // Relaxed: a hint; who relies on nothing looks at every word.
    if (word % kWordBits == 0 && !full_words.empty() &&
        full_words[word / kWordBits].load(std::memory_order_relaxed) == kAllSet) {
      run_slots = 0;
      word += kWordBits - 1;
      continue;
    }
    // Relaxed: a guess; claim_range() decides.
    const Word free = ~words_[word].load(std::memory_order_relaxed);
    const auto low = static_cast<std::uint64_t>(std::countr_one(free));
    if (run_slots + low >= count) {
      const std::uint64_t first = word * kWordBits - run_slots;
      if (claim_range(first, count)) return first;
      run_slots = 0;  // one of these slots is taken meanwhile
    }
    const unsigned inside =
        count <= kWordBits ? bits::find_run(free, static_cast<unsigned>(count)) : kWordBits;
    if (inside < kWordBits && claim_range(word * kWordBits + inside, count)) {
      return word * kWordBits + inside;
    }
    run_slots =
        low == kWordBits ? run_slots + low : static_cast<std::uint64_t>(std::countl_one(free));
  }
  return std::nullopt;
}

bool AtomicBitmap::claim_range(std::uint64_t first, std::uint64_t count) noexcept {
  for (std::uint64_t done = 0; done < count;) {
    const Piece piece = first_piece(first + done, count - done);
    if (!claim(piece.word, piece.mask)) {
      static_cast<void>(give_range(first, done));  // true: these bits are ours
      return false;
    }
    done += piece.count;
  }
  return true;
}

bool AtomicBitmap::give_range(std::uint64_t first, std::uint64_t count) noexcept {
  bool all_were_taken = true;
  for (std::uint64_t done = 0; done < count;) {
    const Piece piece = first_piece(first + done, count - done);
    all_were_taken &= give(piece.word, piece.mask);
    done += piece.count;
  }
  return all_were_taken;
}

const AtomicBitmap::Claim* AtomicBitmap::give_several(std::span<const Claim> claims) noexcept {
  const Claim* given_twice = nullptr;
  std::uint64_t group = 0;
  Word freed = 0;  // of that group: words that were full
  for (const Claim& claim : claims) {
    const Word before = clear(claim.word, claim.mask);
    if ((before & claim.mask) != claim.mask) given_twice = &claim;
    if (before != kAllSet || summary_.empty()) continue;
    if (claim.word / kWordBits != group) note_free(group, std::exchange(freed, 0));
    group = claim.word / kWordBits;
    freed |= bit_of(claim.word);
  }
  note_free(group, freed);
  return given_twice;
}

// Why a set summary bit does not outlive the word's fullness. A word that was full gets free bits by
// one give(), which then clears the summary bit. Against it stands a taker's late set. Both are
// acquire-release operations on the summary word: if the set comes first, the clear undoes it; if the
// clear comes first, the set reads from it, hence sees the give, and the look at the word finds it.
// A taker that is stopped between its two steps leaves words hidden from the search by the summary, not
// from take(), which looks at every word before it reports that there is none.

void AtomicBitmap::note_full(std::span<const Claim> claims) noexcept {
  const auto full_words = [=, this] {
    Word full = 0;
    for (const Claim& claim : claims) {
      // Relaxed: the first look only tells what is worth noting. What the second must see is ordered by
      // the fetch_or, by happens-before and coherence.
      if (words_[claim.word].load(std::memory_order_relaxed) == kAllSet) full |= bit_of(claim.word);
    }
    return full;
  };
  const Word noted = full_words();
  if (noted == 0) return;
  Atomic<Word>& group = summary_[claims.front().word / kWordBits];
  // Acquire-release: pairs with the fetch_and of note_free(), see above.
  group.fetch_or(noted, std::memory_order_acq_rel);
  if (const Word freed = noted & ~full_words(); freed != 0) {
    // Release: pairs with note_full(); a lost clear would only cost time.
    group.fetch_and(~freed, std::memory_order_release);
  }
}

void AtomicBitmap::note_free(std::uint64_t group, Word bits) noexcept {
  if (bits == 0) return;
  // Acquire-release: pairs with note_full(): publishes that the words have free slots.
  summary_[group].fetch_and(~bits, std::memory_order_acq_rel);
}

}  // namespace bufferpool::detail
