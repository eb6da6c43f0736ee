#include "bufferpool/hint_set.hpp"

#include <bit>

namespace bufferpool::detail {
namespace {

using bits::kAllSet;
using bits::kWordBits;
using bits::Word;

Word bit_of(std::uint64_t number) noexcept { return Word{1} << (number % kWordBits); }

}  // namespace

// Why nothing is hidden. An addition and a removal of the same number are acquire-release operations on
// one word: the one that comes second sees what was done before the first. So who removes after an addition
// sees what was put there and adds it again; an addition that comes after the removal stays. The level
// above is used by the same rule: what is put there and taken away are the bits of a word.

void HintSet::add(std::uint64_t number) noexcept {
  // Acquire-release: pairs with itself in remove(), see above.
  const Word before =
      words_[number / kWordBits].fetch_or(bit_of(number), std::memory_order_acq_rel);
  if (before == 0 && words_.size() > 1) above().add(number / kWordBits);
}

void HintSet::remove(std::uint64_t number) noexcept {
  const std::uint64_t word = number / kWordBits;
  // Acquire-release: pairs with itself in add(), see above.
  const Word before = words_[word].fetch_and(~bit_of(number), std::memory_order_acq_rel);
  if ((before & ~bit_of(number)) != 0 || words_.size() == 1) return;
  above().remove(word);
  // Relaxed: what must be seen here is ordered by the removal above, by happens-before and coherence.
  if (words_[word].load(std::memory_order_relaxed) != 0) above().add(word);
}

std::optional<std::uint64_t> HintSet::find(std::uint64_t from) const noexcept {
  const auto find_in = [this](std::uint64_t word, Word wanted) -> std::optional<std::uint64_t> {
    // Acquire: pairs with add(). What is found decides, but it must be at least as new as the hint: a
    // slab's words that were never used read as free until open() is seen.
    const Word found = words_[word].load(std::memory_order_acquire) & wanted;
    if (found == 0) return std::nullopt;
    return word * kWordBits + static_cast<unsigned>(std::countr_zero(found));
  };
  std::uint64_t word = from / kWordBits;
  if (word >= words_.size()) return std::nullopt;
  if (const auto found = find_in(word, kAllSet << (from % kWordBits))) return found;
  if (words_.size() == 1) return std::nullopt;
  // A word may be zero by now though the level above names it.
  for (auto next = above().find(word + 1); next; next = above().find(*next + 1)) {
    if (const auto found = find_in(*next, kAllSet)) return found;
  }
  return std::nullopt;
}

}  // namespace bufferpool::detail
