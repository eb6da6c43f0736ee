#include "bufferpool/atomic_bitmap.hpp"

#include <cstdint>

#include <gtest/gtest.h>

#include "support/bitmap.hpp"

namespace bufferpool::detail {
namespace {

using test::Bitmap;

using bits::kAllSet;
using bits::kWordBits;
using bits::Word;

constexpr std::uint64_t kCapacities[] = {1, 63, 64, 65, 127, 128, 4095, 4096, 4097, 8191, 10000};

TEST(AtomicBitmap, sizes_its_words_by_the_number_of_slots) {
  struct Row {
    std::uint64_t slots;
    std::uint64_t words;
    std::uint64_t summary_words;
  };
  constexpr Row kRows[] = {
      {0, 0, 0},     {1, 1, 0},     {64, 1, 0},         {65, 2, 0},
      {4096, 64, 0}, {4097, 65, 2}, {64 * 128, 128, 2}, {std::uint64_t{1} << 32, 1 << 26, 1 << 20}};
  for (const Row& row : kRows) {
    EXPECT_EQ(AtomicBitmap::words_for(row.slots), row.words) << row.slots;
    EXPECT_EQ(AtomicBitmap::summary_words_for(row.slots), row.summary_words) << row.slots;
  }
}

TEST(AtomicBitmap, every_slot_is_free_at_first) {
  for (const std::uint64_t slots : kCapacities) {
    Bitmap bitmap(slots);
    EXPECT_EQ(bitmap->count_taken(), 0u) << slots;
    EXPECT_FALSE(bitmap->is_taken(0)) << slots;
    EXPECT_FALSE(bitmap->is_taken(slots - 1)) << slots;
  }
}

TEST(AtomicBitmap, gives_each_slot_out_once_and_none_beyond_the_last) {
  for (const std::uint64_t slots : kCapacities) {
    Bitmap bitmap(slots);
    for (std::uint64_t expected = 0; expected < slots; ++expected) {
      ASSERT_EQ(bitmap->take(1).lowest(), expected);
    }
    EXPECT_EQ(bitmap->take(1).mask, 0u) << slots;
    EXPECT_EQ(bitmap->count_taken(), slots);
  }
}

TEST(AtomicBitmap, no_slots_is_full) {
  Bitmap bitmap(0);
  EXPECT_EQ(bitmap->take(64).mask, 0u);
  EXPECT_FALSE(bitmap->take_run(1));
  EXPECT_EQ(bitmap->count_taken(), 0u);
}

void expect_claim(const AtomicBitmap::Claim& claim, const AtomicBitmap::Claim& expected) {
  EXPECT_EQ(claim.word, expected.word);
  EXPECT_EQ(claim.mask, expected.mask);
}

TEST(AtomicBitmap, takes_the_lowest_free_slots_of_one_word) {
  Bitmap bitmap(128);
  ASSERT_TRUE(bitmap->claim_range(1, 2));
  expect_claim(bitmap->take(3), {.word = 0, .mask = 0b11001});
}

TEST(AtomicBitmap, takes_what_a_word_has_where_that_is_less) {
  Bitmap bitmap(70);
  ASSERT_TRUE(bitmap->claim_range(0, 68));
  expect_claim(bitmap->take(64), {.word = 1, .mask = 0b110000});
}

TEST(AtomicBitmap, a_slot_that_was_given_back_is_taken_again) {
  Bitmap bitmap(65);
  ASSERT_TRUE(bitmap->claim_range(0, 65));
  ASSERT_TRUE(bitmap.give(64));
  EXPECT_FALSE(bitmap->is_taken(64));
  expect_claim(bitmap->take(64), {.word = 1, .mask = 1});
}

TEST(AtomicBitmap, a_double_release_is_reported_and_changes_nothing) {
  Bitmap bitmap(64);
  ASSERT_TRUE(bitmap->claim_range(0, 3));
  ASSERT_TRUE(bitmap.give(1));
  EXPECT_FALSE(bitmap.give(1));
  EXPECT_TRUE(bitmap->is_taken(0));
  EXPECT_FALSE(bitmap->is_taken(1));
  EXPECT_TRUE(bitmap->is_taken(2));
}

TEST(AtomicBitmap, a_release_of_several_slots_reports_the_one_that_was_free) {
  Bitmap bitmap(64);
  ASSERT_TRUE(bitmap->claim_range(0, 2));
  EXPECT_FALSE(bitmap->give(0, 0b111));
  EXPECT_EQ(bitmap->count_taken(), 0u);
}

TEST(AtomicBitmap, give_range_reports_a_free_slot_in_any_word) {
  for (const std::uint64_t free_slot : {10u, 64u, 199u}) {
    Bitmap bitmap(256);
    ASSERT_TRUE(bitmap->claim_range(10, 190));
    ASSERT_TRUE(bitmap.give(free_slot));
    EXPECT_FALSE(bitmap->give_range(10, 190)) << free_slot;
    EXPECT_EQ(bitmap->count_taken(), 0u);
  }
}

TEST(AtomicBitmap, claim_range_takes_exactly_the_range) {
  for (const std::uint64_t slots : kCapacities) {
    for (const std::uint64_t first : {std::uint64_t{0}, slots / 3, slots - 1}) {
      Bitmap bitmap(slots);
      const std::uint64_t count = (slots - first + 1) / 2;
      ASSERT_TRUE(bitmap->claim_range(first, count));
      EXPECT_EQ(bitmap->count_taken(), count);
      EXPECT_TRUE(bitmap->is_taken(first));
      EXPECT_TRUE(bitmap->is_taken(first + count - 1));
    }
  }
}

TEST(AtomicBitmap, a_refused_claim_leaves_nothing_taken) {
  for (const std::uint64_t obstacle : {70u, 127u, 128u, 300u, 329u}) {
    Bitmap bitmap(400);
    ASSERT_TRUE(bitmap->claim_range(obstacle, 1));
    EXPECT_FALSE(bitmap->claim_range(70, 260));
    EXPECT_EQ(bitmap->count_taken(), 1u) << obstacle;
    EXPECT_TRUE(bitmap->is_taken(obstacle));
  }
}

TEST(AtomicBitmap, claim_range_does_not_go_beyond_the_last_slot) {
  Bitmap bitmap(70);
  EXPECT_FALSE(bitmap->claim_range(60, 11));
  EXPECT_TRUE(bitmap->claim_range(60, 10));
}

TEST(AtomicBitmap, a_run_may_cross_words) {
  Bitmap bitmap(192);
  ASSERT_TRUE(bitmap->claim_range(0, 60));
  ASSERT_TRUE(bitmap->claim_range(130, 62));
  EXPECT_FALSE(bitmap->take_run(71));
  EXPECT_EQ(bitmap->take_run(70), 60u);
}

TEST(AtomicBitmap, a_run_takes_the_whole_bitmap_if_it_is_free) {
  for (const std::uint64_t slots : kCapacities) {
    Bitmap bitmap(slots);
    EXPECT_FALSE(bitmap->take_run(slots + 1)) << slots;
    EXPECT_EQ(bitmap->take_run(slots), 0u) << slots;
    EXPECT_EQ(bitmap->count_taken(), slots);
  }
}

TEST(AtomicBitmap, a_run_of_no_slots_or_of_too_many_is_not_found) {
  Bitmap bitmap(100);
  EXPECT_FALSE(bitmap->take_run(0));
  EXPECT_FALSE(bitmap->take_run(UINT64_MAX));
  EXPECT_EQ(bitmap->count_taken(), 0u);
}

TEST(AtomicBitmap, the_summary_follows_full_and_free) {
  Bitmap bitmap(5000);
  ASSERT_TRUE(bitmap->claim_range(128, 64));
  EXPECT_TRUE(bitmap.says_full(2));
  EXPECT_FALSE(bitmap.says_full(1));
  ASSERT_TRUE(bitmap.give(130));
  EXPECT_FALSE(bitmap.says_full(2));
}

TEST(AtomicBitmap, the_only_free_slot_is_found_wherever_it_is) {
  Bitmap bitmap(5000);
  ASSERT_TRUE(bitmap->claim_range(0, 5000));
  for (std::uint64_t slot = 0; slot < 5000; slot += 7) {
    ASSERT_TRUE(bitmap.give(slot));
    const AtomicBitmap::Claim claim = bitmap->take(64);
    ASSERT_EQ(claim.word, slot / kWordBits);
    ASSERT_EQ(claim.mask, bits::bit_of(slot));
  }
}

TEST(AtomicBitmap, a_wrong_hint_does_not_hide_a_free_slot) {
  Bitmap bitmap(5000);
  for (Atomic<Word>& group : bitmap.summary) group.store(kAllSet);
  EXPECT_NE(bitmap->take(1).mask, 0u);
}

}  // namespace
}  // namespace bufferpool::detail
