#include "bufferpool/slot_cache.hpp"

#include <cstdint>

#include <gtest/gtest.h>

namespace bufferpool::detail {
namespace {

SlotIndex slot(std::uint32_t number) { return static_cast<SlotIndex>(number); }

/// Fills the magazine with the slots 0, 1, 2 ...
void fill(Magazine& magazine, std::uint32_t slots) {
  magazine.set_limit(Magazine::kCapacity);
  for (std::uint32_t i = 0; i < slots; ++i) ASSERT_TRUE(magazine.push(slot(i)));
}

TEST(Magazine, a_fresh_one_is_empty_and_takes_nothing) {
  Magazine magazine;
  EXPECT_EQ(magazine.pop(), kNoSlot);
  EXPECT_FALSE(magazine.push(slot(1)));
  EXPECT_EQ(magazine.fill(), 0u);
  EXPECT_EQ(magazine.limit(), 0u);
}

TEST(Magazine, the_last_in_is_the_first_out) {
  Magazine magazine;
  fill(magazine, 3);
  EXPECT_EQ(magazine.pop(), 2u);
  EXPECT_EQ(magazine.pop(), 1u);
  EXPECT_EQ(magazine.pop(), 0u);
  EXPECT_EQ(magazine.pop(), kNoSlot);
}

TEST(Magazine, takes_as_many_as_its_limit_says) {
  for (const std::uint32_t limit : {1u, 7u, Magazine::kCapacity}) {
    Magazine magazine;
    magazine.set_limit(limit);
    for (std::uint32_t i = 0; i < limit; ++i) ASSERT_TRUE(magazine.push(slot(i)));
    EXPECT_FALSE(magazine.push(slot(limit))) << limit;
    EXPECT_EQ(magazine.fill(), limit);
  }
}

TEST(Magazine, the_largest_index_comes_back_as_it_was) {
  Magazine magazine;
  magazine.set_limit(1);
  ASSERT_TRUE(magazine.push(slot(UINT32_MAX)));
  EXPECT_EQ(magazine.pop(), UINT32_MAX);
}

TEST(Magazine, asked_back_it_takes_no_more_and_keeps_what_it_has) {
  Magazine magazine;
  fill(magazine, 2);
  magazine.ask_back();
  EXPECT_FALSE(magazine.push(slot(9)));
  EXPECT_EQ(magazine.fill(), 2u);
  EXPECT_EQ(magazine.pop(), 1u);
}

TEST(Magazine, drops_the_oldest_and_keeps_the_order_of_the_others) {
  Magazine magazine;
  fill(magazine, 10);
  const auto oldest = magazine.oldest(4);
  ASSERT_EQ(oldest.size(), 4u);
  for (std::uint32_t i = 0; i < 4; ++i) EXPECT_EQ(oldest[i], slot(i));
  magazine.drop_oldest(4);
  EXPECT_EQ(magazine.fill(), 6u);
  for (std::uint32_t i = 9; i >= 4; --i) EXPECT_EQ(magazine.pop(), i);
}

TEST(Magazine, all_can_be_dropped) {
  Magazine magazine;
  fill(magazine, Magazine::kCapacity);
  magazine.drop_oldest(Magazine::kCapacity);
  EXPECT_EQ(magazine.fill(), 0u);
  EXPECT_EQ(magazine.pop(), kNoSlot);
}

TEST(Magazine, holds_what_was_pushed_and_not_popped) {
  Magazine magazine;
  fill(magazine, 3);
  EXPECT_TRUE(magazine.holds_any_of(0, 1));
  EXPECT_TRUE(magazine.holds_any_of(2, 1));
  EXPECT_FALSE(magazine.holds_any_of(3, 1));
  EXPECT_EQ(magazine.pop(), 2u);
  EXPECT_FALSE(magazine.holds_any_of(2, 1));
}

TEST(Magazine, holds_any_slot_of_a_range) {
  Magazine magazine;
  magazine.set_limit(2);
  ASSERT_TRUE(magazine.push(slot(10)));
  ASSERT_TRUE(magazine.push(slot(20)));
  EXPECT_TRUE(magazine.holds_any_of(11, 10));
  EXPECT_TRUE(magazine.holds_any_of(10, 1));
  EXPECT_FALSE(magazine.holds_any_of(11, 9));
  EXPECT_FALSE(magazine.holds_any_of(21, UINT32_MAX));
  EXPECT_FALSE(magazine.holds_any_of(10, 0));
}

TEST(Magazine, low_water_is_the_least_fill_since_the_mark) {
  Magazine magazine;
  fill(magazine, 5);
  magazine.mark_low_water();
  EXPECT_EQ(magazine.low_water(), 5u);
  static_cast<void>(magazine.pop());
  static_cast<void>(magazine.pop());
  ASSERT_TRUE(magazine.push(slot(7)));
  EXPECT_EQ(magazine.low_water(), 3u);
  magazine.mark_low_water();
  EXPECT_EQ(magazine.low_water(), 4u);
}

TEST(Magazine, low_water_is_never_above_the_fill) {
  Magazine magazine;
  fill(magazine, 5);
  magazine.mark_low_water();
  magazine.drop_oldest(4);
  EXPECT_LE(magazine.low_water(), magazine.fill());
}

TEST(Magazine, of_two_that_claim_it_from_the_same_owner_one_gets_it) {
  Magazine magazine;
  EXPECT_TRUE(magazine.owner().claim(0, 7));
  EXPECT_FALSE(magazine.owner().claim(0, 8));
  EXPECT_TRUE(magazine.owner().is(7));
  magazine.owner().release(0);
  EXPECT_EQ(magazine.owner().get(), 0u);
}

}  // namespace
}  // namespace bufferpool::detail
