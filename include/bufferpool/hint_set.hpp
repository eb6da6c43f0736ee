// A set of small numbers that is never relied on: "here may be something". Who finds nothing there calls
// remove(), looks again, and calls add() if there is something after all; who puts something where there
// was nothing calls add(). Then what is there is in the set, once nobody is between two of these steps.
//
//   numbers    0 1 2 ... 63 | 64 ... 127 | ...      a bit each, set: in the set
//   words      0            | 1          | ...      a bit each, set: the word is not zero; and so on
//
// Of the numbers up to 64^k there are k levels. Any number of threads may call any function.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "bufferpool/atomic_bitmap.hpp"
#include "bufferpool/bits.hpp"

namespace bufferpool::detail {

class HintSet {
 public:
  /// Of all levels of a set of the numbers below `numbers`.
  static constexpr std::uint64_t words_for(std::uint64_t numbers) noexcept {
    const std::uint64_t words = bits::divide_up(numbers, bits::kWordBits);
    return words > 1 ? words + words_for(words) : words;
  }

  /// `words` has words_for(numbers) elements, zero for the empty set, and outlives it.
  HintSet(std::span<HintWord> words, std::uint64_t numbers) noexcept
      : words_(words.first(bits::divide_up(numbers, bits::kWordBits))),
        levels_above_(words.subspan(words_.size())) {}

  /// O(levels), as are all of them.
  void add(std::uint64_t number) noexcept;
  void remove(std::uint64_t number) noexcept;

  [[nodiscard]] bool has(std::uint64_t number) const noexcept {
    return (words_[number / bits::kWordBits].get() & bits::bit_of(number)) != 0;
  }
  /// The least number that is at least `from`.
  [[nodiscard]] std::optional<std::uint64_t> find(std::uint64_t from) const noexcept;

 private:
  /// Of the words that are not zero.
  [[nodiscard]] HintSet above() const noexcept { return {levels_above_, words_.size()}; }

  std::span<HintWord> words_;
  std::span<HintWord> levels_above_;
};

}  // namespace bufferpool::detail
