// A bitmap that can be tested alone, with slots named by one number.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "bufferpool/atomic_bitmap.hpp"

namespace bufferpool::test {

/// A bitmap with its own memory.
struct Bitmap {
  explicit Bitmap(std::uint64_t slots)
      : words(detail::AtomicBitmap::words_for(slots)),
        summary(detail::AtomicBitmap::summary_words_for(slots)),
        bitmap(words, summary, slots) {}

  detail::AtomicBitmap* operator->() { return &bitmap; }

  [[nodiscard]] bool give(std::uint64_t slot) {
    return bitmap.give(slot / bits::kWordBits, bits::Word{1} << (slot % bits::kWordBits));
  }
  [[nodiscard]] bool says_full(std::uint64_t word) const {
    return (summary[word / bits::kWordBits].load() >> (word % bits::kWordBits) & 1) != 0;
  }

  std::vector<Atomic<bits::Word>> words;
  std::vector<Atomic<bits::Word>> summary;
  detail::AtomicBitmap bitmap;
};

/// Number of the lowest slot of `claim`, which is not empty.
[[nodiscard]] inline std::uint64_t lowest_slot(const detail::AtomicBitmap::Claim& claim) {
  return claim.word * bits::kWordBits + static_cast<unsigned>(std::countr_zero(claim.mask));
}

}  // namespace bufferpool::test
