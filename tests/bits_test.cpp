#include "bufferpool/bits.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <initializer_list>
#include <random>

#include <gtest/gtest.h>

#include "support/seed.hpp"

namespace bufferpool::bits {
namespace {

constexpr Word kTop = Word{1} << 63;

template <class Result, class First, class Second>
struct Row {
  First first;
  Second second;
  Result expected;
};

/// `function` of the first two of every row gives the third.
template <class Result, class First, class Second>
void expect_rows(Result (*function)(First, Second),
                 std::initializer_list<Row<Result, First, Second>> rows) {
  for (const auto& [first, second, expected] : rows) {
    EXPECT_EQ(function(first, second), expected) << first << ", " << second;
  }
}

TEST(Bits, bit_of_a_number_is_the_one_of_its_rest) {
  EXPECT_EQ(bit_of(0), 1u);
  EXPECT_EQ(bit_of(63), kTop);
  EXPECT_EQ(bit_of(64), 1u);
  EXPECT_EQ(bit_of(~std::uint64_t{0}), kTop);
}

TEST(Bits, lowest_number_is_the_way_back_from_bit_of) {
  for (const std::uint64_t number : {0u, 1u, 63u, 64u, 200u}) {
    EXPECT_EQ(lowest_number(number / kWordBits, bit_of(number)), number);
    EXPECT_EQ(lowest_number(number / kWordBits, bit_of(number) | kTop), number);
  }
}

TEST(Bits, highest_is_the_position_of_the_highest_set_bit) {
  for (unsigned bit = 0; bit < kWordBits; ++bit) {
    EXPECT_EQ(highest(bit_of(bit)), bit);
    EXPECT_EQ(highest(bit_of(bit) | 1), bit);
  }
  EXPECT_EQ(highest(kAllSet), 63u);
}

TEST(Bits, range_has_count_bits_from_first_on) {
  expect_rows(range, {{0, 0, 0},
                      {63, 0, 0},
                      {64, 0, 0},
                      {0, 1, 1},
                      {3, 2, 0x18},
                      {63, 1, kTop},
                      {0, 63, kAllSet >> 1},
                      {1, 63, kAllSet << 1},
                      {0, 64, kAllSet},
                      {32, 32, kAllSet << 32}});
}

TEST(Bits, lowest_keeps_the_lowest_set_bits) {
  expect_rows(lowest, {{0, 0, 0},
                       {0, 64, 0},
                       {kAllSet, 0, 0},
                       {kAllSet, 1, 1},
                       {kAllSet, 63, kAllSet >> 1},
                       {kAllSet, 64, kAllSet},
                       {kTop, 1, kTop},
                       {kTop | 1, 1, 1},
                       {kTop | 1, 2, kTop | 1},
                       {0b101100, 2, 0b001100},
                       {0b101100, 3, 0b101100},
                       {0b101100, 64, 0b101100}});
}

TEST(Bits, find_run_gives_the_lowest_position_or_64) {
  expect_rows(find_run, {{0, 1, 64},
                         {0, 64, 64},
                         {1, 1, 0},
                         {kTop, 1, 63},
                         {kTop, 2, 64},
                         {kTop | 1, 2, 64},  // a run does not go round
                         {kAllSet, 64, 0},
                         {kAllSet << 1, 64, 64},
                         {kAllSet << 1, 63, 1},
                         {kAllSet >> 1, 63, 0},
                         {0b0110'1110, 2, 1},
                         {0b0110'1110, 3, 1},
                         {0b0111'0110, 3, 4},
                         {0b0110'1110, 4, 64},
                         {range(20, 7) | range(40, 9), 7, 20},
                         {range(20, 7) | range(40, 9), 8, 40},
                         {range(20, 7) | range(40, 9), 10, 64}});
}

unsigned find_run_bit_by_bit(Word word, unsigned count) {
  for (unsigned first = 0; first + count <= kWordBits; ++first) {
    if ((word & range(first, count)) == range(first, count)) return first;
  }
  return kWordBits;
}

TEST(Bits, alignment_of_is_the_greatest_power_of_two_that_divides) {
  EXPECT_EQ(alignment_of(0), 0U);
  EXPECT_EQ(alignment_of(1), 1U);
  EXPECT_EQ(alignment_of(100), 4U);
  EXPECT_EQ(alignment_of(40'960), 8'192U);
  EXPECT_EQ(alignment_of(Word{1} << 63), Word{1} << 63);
  EXPECT_EQ(alignment_of(kAllSet), 1U);
}

TEST(Bits, find_run_agrees_with_a_search_bit_by_bit) {
  const std::uint64_t seed = test::fresh_seed();
  SCOPED_TRACE(test::say(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 2000; ++round) {
    // OR-ed, so that long runs of set bits are as likely as short ones.
    Word word = random();
    for (std::uint64_t more = random() % 5; more != 0; --more) word |= random();
    for (unsigned count = 1; count <= kWordBits; ++count) {
      ASSERT_EQ(find_run(word, count), find_run_bit_by_bit(word, count)) << word << ", " << count;
    }
  }
}

TEST(Bits, count_is_how_many_bits_are_set) {
  EXPECT_EQ(count(0), 0u);
  EXPECT_EQ(count(kAllSet), 64u);
  for (unsigned bit = 0; bit < kWordBits; ++bit) EXPECT_EQ(count(bit_of(bit)), 1u) << bit;
  const std::uint64_t seed = test::fresh_seed();
  SCOPED_TRACE(test::say(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 2000; ++round) {
    const Word word = random() | random();
    ASSERT_EQ(count(word), static_cast<unsigned>(std::popcount(word))) << word;
  }
}

TEST(Bits, lowest_is_a_part_of_the_word_with_nothing_skipped) {
  const std::uint64_t seed = test::fresh_seed();
  SCOPED_TRACE(test::say(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 2000; ++round) {
    const Word word = random() & random();
    const auto count = static_cast<unsigned>(random() % 65);
    const Word low = lowest(word, count);
    ASSERT_EQ(low & ~word, 0u);
    ASSERT_EQ(std::popcount(low), std::min(std::popcount(word), static_cast<int>(count)));
    if (low != 0) {
      ASSERT_EQ(word & range(0, static_cast<unsigned>(std::bit_width(low))), low);
    }
  }
}

TEST(Bits, round_up_gives_the_next_multiple) {
  expect_rows(round_up, {{0, 1, 0},
                         {0, 8, 0},
                         {1, 8, 8},
                         {8, 8, 8},
                         {9, 8, 16},
                         {7, 3, 9},
                         {100, 100, 100},
                         {101, 100, 200},
                         {(std::uint64_t{1} << 40) + 1, 4096, (std::uint64_t{1} << 40) + 4096}});
}

TEST(Bits, divide_up_does_not_overflow) {
  expect_rows(divide_up, {{0, 1, 0},
                          {1, 64, 1},
                          {64, 64, 1},
                          {65, 64, 2},
                          {UINT64_MAX, 1, UINT64_MAX},
                          {UINT64_MAX, 2, std::uint64_t{1} << 63},
                          {UINT64_MAX, UINT64_MAX, 1}});
}

static_assert(find_run(0b0110, 2) == 1 && lowest(0b0110, 1) == 0b0010,
              "usable in constant expressions");

}  // namespace
}  // namespace bufferpool::bits
