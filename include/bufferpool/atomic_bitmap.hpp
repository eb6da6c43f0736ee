// The lock-free bitmap of a pool: one bit a slot, 64 slots a word.
//
// A set bit is a taken slot, so memory that was mapped and never touched is a bitmap whose slots are
// all free. A word's value is its complete state: there is no ABA problem and no tag. A bit is either
// clear in the word, or owned by exactly one thread.
// Any number of threads may call any function; the caller keeps the bitmap alive during the call.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <span>

#include "bufferpool/atomic.hpp"
#include "bufferpool/bits.hpp"

namespace bufferpool::detail {

class AtomicBitmap {
 public:
  using Word = bits::Word;
  using Words = std::span<Atomic<Word>>;

  /// Slots of one word that the caller now owns; none if `mask` is 0.
  struct Claim {
    std::uint64_t word;
    Word mask;

    /// The number of the lowest slot; there is one.
    [[nodiscard]] std::uint64_t lowest() const noexcept { return bits::lowest_number(word, mask); }
  };

  /// Above so many words the search uses a summary.
  static constexpr std::uint64_t kWordsWithoutSummary = 64;

  static constexpr std::uint64_t words_for(std::uint64_t slots) noexcept {
    return bits::divide_up(slots, bits::kWordBits);
  }
  static constexpr std::uint64_t summary_words_for(std::uint64_t slots) noexcept {
    const std::uint64_t words = words_for(slots);
    return words > kWordsWithoutSummary ? words_for(words) : 0;
  }

  /// Both spans are zero and outlive the bitmap; `words` has words_for(slots) elements, `summary`
  /// summary_words_for(slots). Bits past the last slot are marked as taken for ever.
  AtomicBitmap(Words words, Words summary, std::uint64_t slots) noexcept;

  /// A bitmap without summary over words that are one already, or were never touched and get open().
  static AtomicBitmap view(Words words, std::uint64_t slots) noexcept { return {words, slots}; }

  /// For the one who owns every slot, or the first one: the first `taken` <= 64 slots stay taken, by the
  /// caller, the others become free.
  void open(unsigned taken) noexcept;

  /// While no other thread is in a call: every slot is taken, by the caller.
  void close() noexcept;

  /// Takes free slots of one word, the lowest that has any: `most` of them (1 to 64), or all it has.
  /// An empty claim means that every word was seen with every slot taken.
  [[nodiscard]] Claim take(unsigned most) noexcept;

  /// take() without a summary, but the words from `from` on come first, then those before it.
  [[nodiscard]] Claim take_round(std::uint64_t from, unsigned most) noexcept;

  /// take(), and while that is fewer than `most`, also from the words above it that share its word of the
  /// summary; without a summary from none. Returns those of `claims`, which has room for one at least, that
  /// it filled: a word each, upwards. None as in take().
  [[nodiscard]] std::span<Claim> take_several(unsigned most, std::span<Claim> claims) noexcept;

  /// Takes `count` consecutive slots and returns the first. Empty: no such run was seen.
  [[nodiscard]] std::optional<std::uint64_t> take_run(std::uint64_t count) noexcept;

  /// Takes exactly the slots [first, first + count), or none. Words are claimed upwards; what was
  /// claimed before a word refuses is given back.
  [[nodiscard]] bool claim_range(std::uint64_t first, std::uint64_t count) noexcept;

  /// Gives the slots in `mask` back. False: one of them was not taken (a double release).
  [[nodiscard]] bool give(std::uint64_t word, Word mask) noexcept {
    return (give_and_tell(word, mask) & mask) == mask;
  }

  /// give(), and returns the word as it was before.
  [[nodiscard]] Word give_and_tell(std::uint64_t word, Word mask) noexcept {
    const Word before = clear(word, mask);
    if (before == bits::kAllSet && !summary_.empty()) {
      note_free(word / bits::kWordBits, bits::bit_of(word));
    }
    return before;
  }

  /// give() for several words, faster where neighbours in `claims` share their word of the summary. Returns
  /// a claim of which a slot was not taken, or nullptr.
  [[nodiscard]] const Claim* give_several(std::span<const Claim> claims) noexcept;

  /// give() for the slots [first, first + count), word by word.
  [[nodiscard]] bool give_range(std::uint64_t first, std::uint64_t count) noexcept;

  /// Taken slots, those past the last slot not counted; a snapshot. O(words).
  [[nodiscard]] std::uint64_t count_taken() const noexcept {
    std::uint64_t taken = 0;
    for (const Atomic<Word>& word : words_) {
      // Relaxed: a statistic.
      taken += bits::count(word.load(std::memory_order_relaxed));
    }
    return taken - (words_.size() * bits::kWordBits - slots_);
  }

  /// True if some slot, or every one, is free; a snapshot.
  [[nodiscard]] bool has_free() const noexcept;
  [[nodiscard]] bool is_all_free() const noexcept;

  /// What a word reads as when all its slots are free: bits past the last slot stay set.
  [[nodiscard]] Word when_free(std::uint64_t word) const noexcept {
    const auto rest = static_cast<unsigned>(slots_ % bits::kWordBits);
    return rest != 0 && word == words_.size() - 1 ? bits::kAllSet << rest : 0;
  }

  /// True if the bit is set now; a snapshot.
  [[nodiscard]] bool is_taken(std::uint64_t slot) const noexcept {
    // Relaxed: for printing; nothing is concluded about the slot's bytes.
    const Word seen = words_[slot / bits::kWordBits].load(std::memory_order_relaxed);
    return (seen & bits::bit_of(slot)) != 0;
  }

 private:
  AtomicBitmap(Words words, std::uint64_t slots) noexcept : words_(words), slots_(slots) {}

  /// Takes up to `most` free slots of one word.
  [[nodiscard]] Word take_from(std::uint64_t word, unsigned most) noexcept;

  /// take_run(), without a look at groups of which `full_words`, a summary, has every bit set.
  [[nodiscard]] std::optional<std::uint64_t> search_run(std::uint64_t count,
                                                        Words full_words) noexcept;

  /// Takes all slots in `mask` or none.
  [[nodiscard]] bool claim(std::uint64_t word, Word mask) noexcept;

  [[nodiscard]] Word clear(std::uint64_t word, Word mask) noexcept {
    // Release: pairs with the acquire in take_from() and claim(); publishes the holder's last reads
    // and writes of the slots to their next holder.
    return words_[word].fetch_and(~mask, std::memory_order_release);
  }

  /// Of the lowest word that has any; does not note it.
  [[nodiscard]] Claim take_lowest(unsigned most) noexcept;
  /// The same of the words [begin, end), whatever the summary says.
  [[nodiscard]] Claim take_between(std::uint64_t begin, std::uint64_t end, unsigned most) noexcept;

  // The summary has a bit a word, set: "this word is full". It is a hint that is never trusted for
  // "there is none"; see the .cpp file for why it does not go stale. 64 words are a group.

  /// Of the words of a group from `from` on that the summary does not call full; does not note it.
  [[nodiscard]] Claim take_from_group(std::uint64_t group, unsigned from, unsigned most) noexcept;

  /// The claims are of one group, and made.
  void note_full(std::span<const Claim> claims) noexcept;
  /// Some words of the group, which were full.
  void note_free(std::uint64_t group, Word bits) noexcept;

  Words words_;
  Words summary_;
  std::uint64_t slots_;
};

/// 64 hints of a HintSet. add() and remove() of one number are acquire-release operations on one word, so
/// that the one that comes second sees what was done before the first. Numbers count modulo 64; memory of
/// zeros is a word without hints.
class HintWord {
 public:
  /// Returns the word as it was before.
  bits::Word add(std::uint64_t number) noexcept {
    // Acquire-release: pairs with itself in remove(), see above.
    return word_.fetch_or(bits::bit_of(number), std::memory_order_acq_rel);
  }
  /// As add().
  bits::Word remove(std::uint64_t number) noexcept {
    // Acquire-release: pairs with itself in add(), see above.
    return word_.fetch_and(~bits::bit_of(number), std::memory_order_acq_rel);
  }
  [[nodiscard]] bits::Word get() const noexcept {
    // Acquire: pairs with add(). What is found decides, but it must be at least as new as the hint: a
    // slab's words that were never used read as free until open() is seen.
    return word_.load(std::memory_order_acquire);
  }

 private:
  Atomic<bits::Word> word_{0};
};

}  // namespace bufferpool::detail
