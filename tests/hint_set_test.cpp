// The set of hints: what is somewhere is in the set, once nobody is in a call.
#include "bufferpool/hint_set.hpp"

#include <atomic>
#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/threads.hpp"
#include "support/two_threads.hpp"

namespace bufferpool::detail {
namespace {

/// A set with its own memory.
struct Hints : HintSet {
  explicit Hints(std::uint64_t numbers)
      : Hints(std::vector<HintWord>(words_for(numbers)), numbers) {}

 private:
  Hints(std::vector<HintWord> words, std::uint64_t numbers)
      : HintSet(words, numbers), words_(std::move(words)) {}

  std::vector<HintWord> words_;
};

class HintSetTest : public ::testing::Test {
 protected:
  Hints hints_{256};
};

TEST_F(HintSetTest, is_empty_at_first) { EXPECT_FALSE(hints_.find(0)); }

TEST_F(HintSetTest, finds_the_least_number_that_is_not_below) {
  for (const std::uint64_t number : {3u, 63u, 64u, 130u, 255u}) hints_.add(number);
  EXPECT_EQ(hints_.find(0), 3u);
  EXPECT_EQ(hints_.find(3), 3u);
  EXPECT_EQ(hints_.find(4), 63u);
  EXPECT_EQ(hints_.find(64), 64u);
  EXPECT_EQ(hints_.find(65), 130u);
  EXPECT_EQ(hints_.find(131), 255u);
  EXPECT_FALSE(hints_.find(256));
}

TEST_F(HintSetTest, every_number_comes_and_goes_alone) {
  for (std::uint64_t number = 0; number < 256; ++number) {
    EXPECT_FALSE(hints_.has(number));
    hints_.add(number);
    EXPECT_TRUE(hints_.has(number));
    EXPECT_EQ(hints_.find(0), number);
    EXPECT_EQ(hints_.find(number), number);
    EXPECT_FALSE(hints_.find(number + 1));
    hints_.remove(number);
    EXPECT_FALSE(hints_.find(0));
  }
}

TEST_F(HintSetTest, adding_twice_is_adding_once) {
  hints_.add(70);
  hints_.add(70);
  hints_.remove(70);
  EXPECT_FALSE(hints_.find(0));
  hints_.remove(70);
  EXPECT_FALSE(hints_.find(0));
}

TEST_F(HintSetTest, one_without_words_is_empty) {
  EXPECT_FALSE(Hints(0).find(0));
  EXPECT_FALSE(Hints(0).find(64));
}

TEST_F(HintSetTest, has_a_level_for_every_power_of_64) {
  EXPECT_EQ(HintSet::words_for(0), 0u);
  EXPECT_EQ(HintSet::words_for(64), 1u);
  EXPECT_EQ(HintSet::words_for(65), 2u + 1u);
  EXPECT_EQ(HintSet::words_for(64 * 64), 64u + 1u);
  EXPECT_EQ(HintSet::words_for(64 * 64 + 1), 65u + 2u + 1u);
}

TEST_F(HintSetTest, agrees_with_a_set_of_numbers) {
  for (const std::uint64_t numbers : {1u, 64u, 65u, 4096u, 4097u, 300'000u}) {
    SCOPED_TRACE(numbers);
    std::mt19937_64 random(numbers);
    Hints hints(numbers);
    std::set<std::uint64_t> expected;
    for (int step = 0; step < 3000; ++step) {
      const std::uint64_t number = random() % numbers;
      if (random() % 2 == 0) {
        hints.add(number);
        expected.insert(number);
      } else {
        const std::uint64_t known = expected.empty() ? number : *expected.begin();
        hints.remove(known);
        expected.erase(known);
      }
      const std::uint64_t from = random() % (numbers + 1);
      const auto next = expected.lower_bound(from);
      const auto found = hints.find(from);
      ASSERT_EQ(found.has_value(), next != expected.end()) << from;
      if (found) {
        ASSERT_EQ(*found, *next) << from;
      }
    }
  }
}

TEST_F(HintSetTest, who_removes_sees_what_was_put_there_before_the_number_was_added) {
  test::expect_handed_on([&] { hints_.add(7); }, [&] { hints_.remove(7); });
}

/// What the callers do: put something there and add; take it and, where nothing is left, remove, look
/// again, and add if something is there after all.
TEST_F(HintSetTest, what_is_there_is_in_the_set_when_all_is_quiet) {
  constexpr int kRounds = 20'000;
  std::atomic<int> there{0};
  std::atomic<int> found_missing{0};
  test::Lockstep lockstep;
  test::on_threads(2, [&](int thread) {
    for (int round = 0; round < kRounds; ++round) {
      lockstep.meet(thread, static_cast<std::size_t>(2 * round));
      if (thread == 0) {
        there.store(round + 1, std::memory_order_relaxed);
        hints_.add(100);
      } else {
        there.store(0, std::memory_order_relaxed);
        hints_.remove(100);
        if (there.load(std::memory_order_relaxed) != 0) hints_.add(100);
      }
      lockstep.meet(thread, static_cast<std::size_t>(2 * round + 1));
    }
  });
  if (there != 0) found_missing += hints_.find(0) == std::nullopt;
  EXPECT_EQ(found_missing, 0);
}

/// The same, looked at after every round.
TEST_F(HintSetTest, no_round_loses_what_was_put_there) {
  for (int round = 0; round < 300; ++round) {
    std::atomic<bool> there{false};
    hints_.add(100);
    test::on_threads(2, [&](int thread) {
      if (thread == 0) {
        there.store(true, std::memory_order_relaxed);
        hints_.add(100);
      } else {
        hints_.remove(100);
        if (there.load(std::memory_order_relaxed)) hints_.add(100);
      }
    });
    ASSERT_EQ(hints_.find(0), 100u) << "round " << round;
  }
}

}  // namespace
}  // namespace bufferpool::detail
