// Slots of several words, taken and given back in one call.
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/atomic_bitmap.hpp"
#include "support/bitmap.hpp"

namespace bufferpool::detail {
namespace {

using bits::kWordBits;
using test::Bitmap;
using Claims = std::span<const AtomicBitmap::Claim>;

class AtomicBitmapSeveral : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kSlots = 3 * kWordBits * kWordBits;  // three words of summary

  /// Every slot is taken but these.
  void leave_free(std::initializer_list<std::uint64_t> slots) {
    ASSERT_TRUE(bitmap_->claim_range(0, kSlots));
    for (const std::uint64_t slot : slots) ASSERT_TRUE(bitmap_.give(slot));
  }

  static std::vector<std::uint64_t> numbers_of(Claims claims) {
    std::vector<std::uint64_t> slots;
    for (const AtomicBitmap::Claim& claim : claims) {
      for (bits::Word rest = claim.mask; rest != 0; rest &= rest - 1) {
        slots.push_back(bits::lowest_number(claim.word, rest));
      }
    }
    return slots;
  }

  Bitmap bitmap_{kSlots};
  std::array<AtomicBitmap::Claim, 4> claims_;
};

using Numbers = std::vector<std::uint64_t>;

TEST_F(AtomicBitmapSeveral, slots_that_lie_alone_are_taken_together) {
  leave_free({70, 71, 200, 300});
  EXPECT_EQ(numbers_of(bitmap_->take_several(64, claims_)), (Numbers{70, 71, 200, 300}));
  EXPECT_EQ(bitmap_->count_taken(), kSlots);
}

TEST_F(AtomicBitmapSeveral, no_more_are_taken_than_were_asked_for) {
  leave_free({70, 71, 200, 201, 202, 300});
  EXPECT_EQ(numbers_of(bitmap_->take_several(4, claims_)), (Numbers{70, 71, 200, 201}));
  EXPECT_EQ(numbers_of(bitmap_->take_several(4, claims_)), (Numbers{202, 300}));
}

TEST_F(AtomicBitmapSeveral, no_more_words_are_taken_from_than_there_is_room_for) {
  leave_free({0, 64, 128, 192, 256});
  EXPECT_EQ(numbers_of(bitmap_->take_several(64, claims_)), (Numbers{0, 64, 128, 192}));
}

TEST_F(AtomicBitmapSeveral, those_of_another_word_of_the_summary_are_left) {
  const std::uint64_t group = kWordBits * kWordBits;
  leave_free({group - 1, group, 2 * group + 5});
  EXPECT_EQ(numbers_of(bitmap_->take_several(64, claims_)), (Numbers{group - 1}));
  EXPECT_EQ(numbers_of(bitmap_->take_several(64, claims_)), (Numbers{group}));
  EXPECT_EQ(numbers_of(bitmap_->take_several(64, claims_)), (Numbers{2 * group + 5}));
}

TEST_F(AtomicBitmapSeveral, without_a_summary_one_word_is_taken_from) {
  Bitmap small(256);
  ASSERT_TRUE(small->claim_range(0, 256));
  ASSERT_TRUE(small.give(3) && small.give(100));
  EXPECT_EQ(numbers_of(small->take_several(64, claims_)), (Numbers{3}));
}

TEST_F(AtomicBitmapSeveral, none_are_taken_where_none_is_free) {
  leave_free({});
  EXPECT_TRUE(bitmap_->take_several(64, claims_).empty());
}

TEST_F(AtomicBitmapSeveral, the_summary_follows_all_of_them) {
  leave_free({64, 130, 131, 3 * 64, 4096});
  const Claims taken = bitmap_->take_several(3, claims_);
  EXPECT_TRUE(bitmap_.says_full(1) && bitmap_.says_full(2));
  EXPECT_FALSE(bitmap_.says_full(3) || bitmap_.says_full(64));
  EXPECT_EQ(bitmap_->give_several(taken), nullptr);
  EXPECT_FALSE(bitmap_.says_full(1) || bitmap_.says_full(2));
}

TEST_F(AtomicBitmapSeveral, the_summary_follows_slots_of_one_word) {
  leave_free({64, 65});
  ASSERT_NE(bitmap_->take(1).mask, 0u);
  EXPECT_FALSE(bitmap_.says_full(1));
  ASSERT_NE(bitmap_->take(1).mask, 0u);
  EXPECT_TRUE(bitmap_.says_full(1));
}

TEST_F(AtomicBitmapSeveral, words_of_different_parts_of_the_summary_are_given_back_in_any_order) {
  leave_free({});
  const std::array<AtomicBitmap::Claim, 4> claims{{{70, 1}, {1, 2}, {71, 4}, {2, 8}}};
  EXPECT_EQ(bitmap_->give_several(claims), nullptr);
  EXPECT_EQ(bitmap_->count_taken(), kSlots - 4);
  for (const AtomicBitmap::Claim& claim : claims) EXPECT_FALSE(bitmap_.says_full(claim.word));
}

TEST_F(AtomicBitmapSeveral, a_claim_that_was_given_back_before_is_named_and_the_others_are_free) {
  leave_free({130});
  const std::array<AtomicBitmap::Claim, 3> claims{{{1, 1}, {2, 0b110}, {3, 1}}};
  EXPECT_EQ(bitmap_->give_several(claims), &claims[1]);
  EXPECT_EQ(bitmap_->count_taken(), kSlots - 4);
}

}  // namespace
}  // namespace bufferpool::detail
