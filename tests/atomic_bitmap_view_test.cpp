// A bitmap over words that belong to who owns its slots, and are opened and closed again and again.
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/atomic_bitmap.hpp"
#include "support/two_threads.hpp"

namespace bufferpool::detail {
namespace {

using bits::kAllSet;
using bits::Word;

class AtomicBitmapView : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  [[nodiscard]] std::uint64_t slots() const { return GetParam(); }
  [[nodiscard]] std::uint64_t take_all() {
    std::uint64_t taken = 0;
    while (const Word mask = bitmap_.take(64).mask) {
      taken += static_cast<std::uint64_t>(std::popcount(mask));
    }
    return taken;
  }
  std::vector<Atomic<Word>> words_ = std::vector<Atomic<Word>>(AtomicBitmap::words_for(slots()));
  AtomicBitmap bitmap_ = AtomicBitmap::view(words_, slots());
};

INSTANTIATE_TEST_SUITE_P(Slots, AtomicBitmapView, ::testing::Values(1, 2, 63, 64, 65, 128, 8192),
                         ::testing::PrintToStringParamName());

TEST_P(AtomicBitmapView, opened_every_slot_is_free_once) {
  bitmap_.open(0);
  EXPECT_TRUE(bitmap_.is_all_free());
  EXPECT_TRUE(bitmap_.has_free());
  EXPECT_EQ(take_all(), slots());
  EXPECT_FALSE(bitmap_.has_free());
}

TEST_P(AtomicBitmapView, the_first_slots_stay_the_callers) {
  for (unsigned taken = 0; taken <= 64 && taken <= slots(); ++taken) {
    bitmap_.open(taken);
    ASSERT_EQ(bitmap_.count_taken(), taken);
    ASSERT_EQ(bitmap_.is_all_free(), taken == 0);
    ASSERT_EQ(bitmap_.has_free(), taken != slots());
    if (taken != 0) {
      ASSERT_TRUE(bitmap_.give(0, bits::range(0, taken)));
    }
    ASSERT_TRUE(bitmap_.is_all_free());
    bitmap_.close();
  }
}

TEST_P(AtomicBitmapView, is_looked_through_round_from_any_word) {
  const std::uint64_t words = words_.size();
  for (std::uint64_t from = 0; from < words; ++from) {
    bitmap_.open(0);
    for (std::uint64_t step = 0; step < words; ++step) {
      const AtomicBitmap::Claim one = bitmap_.take_round(from, 1);
      ASSERT_EQ(one.word, (from + step) % words);
      ASSERT_EQ(one.mask, 1u);
      const Word free = ~bitmap_.when_free(one.word);
      if (free == 1) continue;
      const AtomicBitmap::Claim rest = bitmap_.take_round(from, 64);
      ASSERT_EQ(rest.word, one.word);
      ASSERT_EQ(rest.mask, free & ~one.mask);
    }
    ASSERT_EQ(bitmap_.take_round(from, 64).mask, 0u);
  }
}

TEST_P(AtomicBitmapView, closed_it_has_no_free_slot) {
  bitmap_.open(0);
  bitmap_.close();
  EXPECT_FALSE(bitmap_.has_free());
  EXPECT_FALSE(bitmap_.is_all_free());
  EXPECT_EQ(bitmap_.take(64).mask, 0u);
}

TEST_P(AtomicBitmapView, a_word_all_of_whose_slots_are_free_reads_as_when_free) {
  bitmap_.open(0);
  for (std::uint64_t word = 0; word < words_.size(); ++word) {
    EXPECT_EQ(words_[word].load(), bitmap_.when_free(word)) << word;
  }
}

TEST_P(AtomicBitmapView, giving_tells_what_the_word_was) {
  bitmap_.open(1);
  const Word others = bitmap_.when_free(0);
  EXPECT_EQ(bitmap_.give_and_tell(0, 1), others | 1);
  EXPECT_EQ(bitmap_.give_and_tell(0, 1), others) << "it was given twice";
}

TEST_P(AtomicBitmapView, who_owns_every_slot_finds_them_all_taken_in_every_word) {
  bitmap_.open(0);
  ASSERT_TRUE(bitmap_.claim_range(0, slots()));
  for (const Atomic<Word>& word : words_) EXPECT_EQ(word.load(), kAllSet);
}

TEST(AtomicBitmapViewThreads, what_was_written_before_the_opening_is_seen_by_who_takes) {
  std::vector<Atomic<Word>> words(1);
  words[0].store(kAllSet);
  test::expect_handed_on([&] { AtomicBitmap::view(words, 64).open(3); },
                         [&] {
                           AtomicBitmap bitmap = AtomicBitmap::view(words, 64);
                           while (bitmap.take(1).mask == 0) std::this_thread::yield();
                         });
}

}  // namespace
}  // namespace bufferpool::detail
