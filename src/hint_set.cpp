#include "bufferpool/hint_set.hpp"

namespace bufferpool::detail {

using bits::bit_of;
using bits::kAllSet;
using bits::kWordBits;
using bits::Word;

// Why nothing is hidden. Who removes after an addition sees what was put there and adds it again; an
// addition that comes after the removal stays. The level above is used by the same rule: what is put there
// and taken away are the bits of a word.

void HintSet::add(std::uint64_t number) noexcept {
  const Word before = words_[number / kWordBits].add(number);
  if (before == 0 && words_.size() > 1) above().add(number / kWordBits);
}

void HintSet::remove(std::uint64_t number) noexcept {
  const std::uint64_t word = number / kWordBits;
  const Word before = words_[word].remove(number);
  if ((before & ~bit_of(number)) != 0 || words_.size() == 1) return;
  above().remove(word);
  if (words_[word].get() != 0) above().add(word);
}

std::optional<std::uint64_t> HintSet::find(std::uint64_t from) const noexcept {
  const auto find_in = [this](std::uint64_t word, Word wanted) -> std::optional<std::uint64_t> {
    const Word found = words_[word].get() & wanted;
    if (found == 0) return std::nullopt;
    return bits::lowest_number(word, found);
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
