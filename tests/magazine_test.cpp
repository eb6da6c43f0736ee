#include "bufferpool/magazine.hpp"

#include <algorithm>
#include <cstdint>

#include <gtest/gtest.h>

#include "bufferpool/slot_index.hpp"

namespace bufferpool::detail {
namespace {

using Slots = Magazine<SlotIndex, 64>;

SlotIndex slot(std::uint32_t number) { return static_cast<SlotIndex>(number); }

/// Fills the magazine with the slots 0, 1, 2 ...
void fill(Slots& magazine, std::uint32_t slots) {
  magazine.set_limit(Slots::kCapacity);
  for (std::uint32_t i = 0; i < slots; ++i) ASSERT_TRUE(magazine.push(slot(i)));
}

TEST(Magazine, a_fresh_one_is_empty_and_takes_nothing) {
  Slots magazine;
  EXPECT_EQ(magazine.pop_or(kNoSlot), kNoSlot);
  EXPECT_FALSE(magazine.push(slot(1)));
  EXPECT_EQ(magazine.fill(), 0u);
  EXPECT_EQ(magazine.limit(), 0u);
}

TEST(Magazine, the_last_in_is_the_first_out) {
  Slots magazine;
  fill(magazine, 3);
  EXPECT_EQ(magazine.pop_or(kNoSlot), 2u);
  EXPECT_EQ(magazine.pop_or(kNoSlot), 1u);
  EXPECT_EQ(magazine.pop_or(kNoSlot), 0u);
  EXPECT_EQ(magazine.pop_or(kNoSlot), kNoSlot);
}

TEST(Magazine, takes_as_many_as_its_limit_says) {
  for (const std::uint32_t limit : {1u, 7u, Slots::kCapacity}) {
    Slots magazine;
    magazine.set_limit(limit);
    for (std::uint32_t i = 0; i < limit; ++i) ASSERT_TRUE(magazine.push(slot(i)));
    EXPECT_FALSE(magazine.push(slot(limit))) << limit;
    EXPECT_EQ(magazine.fill(), limit);
  }
}

TEST(Magazine, the_largest_index_comes_back_as_it_was) {
  Slots magazine;
  magazine.set_limit(1);
  ASSERT_TRUE(magazine.push(slot(UINT32_MAX)));
  EXPECT_EQ(magazine.pop_or(kNoSlot), UINT32_MAX);
}

TEST(Magazine, bits_are_pushed_so_that_the_lowest_comes_out_first) {
  Slots magazine;
  magazine.set_limit(Slots::kCapacity);
  const auto after_128 = [](unsigned bit) { return slot(128 + bit); };
  EXPECT_EQ(magazine.push_bits(bits::bit_of(63) | 0b1010, after_128), 0u);
  for (const std::uint32_t expected : {129u, 131u, 191u}) {
    EXPECT_EQ(magazine.pop_or(kNoSlot), expected);
  }
  EXPECT_EQ(magazine.push_bits(0, after_128), 0u);
  EXPECT_EQ(magazine.fill(), 0u);
}

TEST(Magazine, bits_that_it_does_not_take_are_left) {
  Slots magazine;
  magazine.set_limit(2);
  EXPECT_EQ(magazine.push_bits(0b11110, slot), 0b00110u);
  EXPECT_EQ(magazine.fill(), 2u);
  EXPECT_EQ(magazine.push_bits(0b00110, slot), 0b00110u);
}

TEST(Magazine, asked_back_it_takes_no_more_and_keeps_what_it_has) {
  Slots magazine;
  fill(magazine, 2);
  magazine.ask_back();
  EXPECT_FALSE(magazine.push(slot(9)));
  EXPECT_EQ(magazine.fill(), 2u);
  EXPECT_EQ(magazine.pop_or(kNoSlot), 1u);
}

TEST(Magazine, shows_what_it_has_the_oldest_first) {
  Slots magazine;
  fill(magazine, 3);
  const SlotIndex expected[] = {slot(0), slot(1), slot(2)};
  EXPECT_TRUE(std::ranges::equal(magazine.entries(), expected));
}

TEST(Magazine, drops_the_oldest_and_keeps_the_order_of_the_others) {
  Slots magazine;
  fill(magazine, 10);
  magazine.drop_oldest(4);
  EXPECT_EQ(magazine.fill(), 6u);
  for (std::uint32_t i = 9; i >= 4; --i) EXPECT_EQ(magazine.pop_or(kNoSlot), i);
}

TEST(Magazine, all_can_be_dropped) {
  Slots magazine;
  fill(magazine, Slots::kCapacity);
  magazine.drop_oldest(magazine.fill());
  EXPECT_EQ(magazine.fill(), 0u);
  EXPECT_EQ(magazine.pop_or(kNoSlot), kNoSlot);
}

TEST(Magazine, low_water_is_the_least_fill_since_the_mark) {
  Slots magazine;
  fill(magazine, 5);
  magazine.mark_low_water();
  EXPECT_EQ(magazine.low_water(), 5u);
  static_cast<void>(magazine.pop_or(kNoSlot));
  static_cast<void>(magazine.pop_or(kNoSlot));
  ASSERT_TRUE(magazine.push(slot(7)));
  EXPECT_EQ(magazine.low_water(), 3u);
  magazine.mark_low_water();
  EXPECT_EQ(magazine.low_water(), 4u);
}

TEST(Magazine, low_water_is_never_above_the_fill) {
  Slots magazine;
  fill(magazine, 5);
  magazine.mark_low_water();
  magazine.drop_oldest(4);
  EXPECT_LE(magazine.low_water(), magazine.fill());
  for (int pops = 0; pops < 3; ++pops) {
    static_cast<void>(magazine.pop_or(kNoSlot));
    EXPECT_EQ(magazine.low_water(), 0u);
    EXPECT_EQ(magazine.fill(), 0u);
  }
}

TEST(Magazine, keeps_a_sum_beside_the_entries) {
  Slots magazine;
  fill(magazine, 3);
  EXPECT_EQ(magazine.sum(), 0u);
  EXPECT_EQ(magazine.pop_from(magazine.top(), 1'000'000), slot(2));
  EXPECT_EQ(magazine.sum(), 1'000'000u);
  magazine.drop_oldest(1);
  EXPECT_EQ(magazine.pop_or(kNoSlot), 1u);
  magazine.push_onto(magazine.top(), slot(5), std::uint64_t{0} - 999'999);
  magazine.add(6);
  EXPECT_EQ(magazine.sum(), 7u);
  EXPECT_EQ(magazine.fill(), 1u);
  EXPECT_EQ(magazine.limit(), Slots::kCapacity);
}

TEST(Magazine, sums_of_threads_add_up_also_where_each_has_wrapped_around) {
  constexpr std::uint64_t kMuch = (std::uint64_t{1} << 48) - 3;
  Slots gives;
  Slots takes;
  for (const std::uint64_t bytes : {kMuch, kMuch, std::uint64_t{5}}) {
    gives.add(bytes);
    takes.add(100 - bytes);
  }
  EXPECT_EQ(Slots::wrap(gives.sum() + takes.sum()), 300);
  EXPECT_EQ(gives.fill(), 0u);
  EXPECT_EQ(takes.fill(), 0u);
}

TEST(Magazine, cleared_it_is_empty_and_has_no_sum) {
  Slots magazine;
  fill(magazine, 3);
  magazine.mark_low_water();
  magazine.add(7);
  magazine.clear();
  EXPECT_EQ(magazine.fill(), 0u);
  EXPECT_EQ(magazine.low_water(), 0u);
  EXPECT_EQ(magazine.sum(), 0u);
  EXPECT_EQ(magazine.pop_or(kNoSlot), kNoSlot);
  EXPECT_TRUE(magazine.push(slot(1)));
}

TEST(Magazine, in_two_steps_it_is_the_same) {
  Slots magazine;
  fill(magazine, 2);
  EXPECT_TRUE(magazine.has_room(magazine.top()));
  magazine.set_limit(2);
  EXPECT_FALSE(magazine.has_room(magazine.top()));
  magazine.mark_low_water();
  for (const std::uint32_t expected : {1u, 0u}) {
    ASSERT_TRUE(magazine.has_entry(magazine.top()));
    EXPECT_EQ(magazine.pop_from(magazine.top()), slot(expected));
    EXPECT_EQ(magazine.low_water(), expected);
  }
  EXPECT_FALSE(magazine.has_entry(magazine.top()));
  magazine.push_onto(magazine.top(), slot(9));
  EXPECT_EQ(magazine.pop_or(kNoSlot), 9u);
}

}  // namespace
}  // namespace bufferpool::detail
