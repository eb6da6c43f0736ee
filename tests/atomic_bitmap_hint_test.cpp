// The set of hints: what is somewhere is in the set, once nobody is in a call.
#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/atomic_bitmap.hpp"
#include "support/threads.hpp"
#include "support/two_threads.hpp"

namespace bufferpool::detail {
namespace {

class HintSetTest : public ::testing::Test {
 protected:
  std::vector<Atomic<bits::Word>> words_ = std::vector<Atomic<bits::Word>>(4);
  HintSet hints_{words_};
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
    hints_.add(number);
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
  EXPECT_FALSE(HintSet({}).find(0));
  EXPECT_FALSE(HintSet({}).find(64));
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
