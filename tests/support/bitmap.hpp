// A bitmap that can be tested alone, with slots named by one number.
#pragma once

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
    return bitmap.give(slot / bits::kWordBits, bits::bit_of(slot));
  }
  [[nodiscard]] bool says_full(std::uint64_t word) const {
    return (summary[word / bits::kWordBits].load() & bits::bit_of(word)) != 0;
  }

  std::vector<Atomic<bits::Word>> words;
  std::vector<Atomic<bits::Word>> summary;
  detail::AtomicBitmap bitmap;
};

}  // namespace bufferpool::test
