#include "bufferpool/live_count.hpp"

#include <cstdint>
#include <random>

#include <gtest/gtest.h>

#include "support/seed.hpp"

namespace bufferpool::detail {
namespace {

TEST(LiveCount, nobody_holds_a_fresh_slot) {
  const LiveCount live;
  EXPECT_EQ(live.value(), 0u);
  EXPECT_FALSE(live.holds(1));
}

TEST(LiveCount, unhold_succeeds_once) {
  LiveCount live;
  live.hold(1);
  EXPECT_TRUE(live.unhold(1));
  EXPECT_FALSE(live.unhold(1));
  EXPECT_EQ(live.value(), 0u);
}

TEST(LiveCount, a_run_is_released_at_its_own_length_only) {
  LiveCount live;
  live.hold(5);
  for (const std::uint64_t wrong :
       {std::uint64_t{1}, std::uint64_t{4}, std::uint64_t{6}, std::uint64_t{1} << 32}) {
    EXPECT_FALSE(live.unhold(wrong)) << wrong;
    EXPECT_TRUE(live.holds(5)) << wrong;
  }
  EXPECT_TRUE(live.unhold(5));
}

TEST(LiveCount, the_longest_run_is_no_other_state) {
  LiveCount live;
  live.hold(std::uint64_t{1} << 32);
  EXPECT_TRUE(live.holds(std::uint64_t{1} << 32));
  EXPECT_GT(live.value(), LiveCount::kHeld);
}

TEST(LiveCount, a_chunk_is_not_held_raw) {
  LiveCount live;
  live.start();
  EXPECT_FALSE(live.holds(1));
  EXPECT_FALSE(live.unhold(1));
  EXPECT_EQ(live.value(), LiveCount::kBias);
}

TEST(LiveCount, no_drop_is_the_last_before_the_seal) {
  LiveCount live;
  live.start();
  for (int slice = 0; slice < 1000; ++slice) ASSERT_FALSE(live.drop());
  EXPECT_TRUE(live.seal(1000));
}

TEST(LiveCount, the_last_drop_after_the_seal_owns_the_slot) {
  LiveCount live;
  live.start();
  EXPECT_FALSE(live.drop());
  EXPECT_FALSE(live.seal(3));
  EXPECT_FALSE(live.drop());
  EXPECT_TRUE(live.drop());
  EXPECT_EQ(live.value(), 0u);
}

TEST(LiveCount, a_seal_with_no_slice_ever_issued_owns_the_slot) {
  LiveCount live;
  live.start();
  EXPECT_TRUE(live.seal(0));
  EXPECT_EQ(live.value(), 0u);
}

TEST(LiveCount, all_dropped_is_true_exactly_when_no_slice_is_alive) {
  LiveCount live;
  live.start();
  EXPECT_TRUE(live.all_dropped(0));
  EXPECT_FALSE(live.all_dropped(1));
  EXPECT_FALSE(live.drop());
  EXPECT_TRUE(live.all_dropped(1));
}

TEST(LiveCount, an_added_reference_is_dropped_like_an_issued_one) {
  LiveCount live;
  live.start();
  live.add();
  EXPECT_FALSE(live.drop());
  EXPECT_FALSE(live.all_dropped(1));
  EXPECT_FALSE(live.seal(1));
  EXPECT_TRUE(live.drop());
}

TEST(LiveCount, exactly_one_step_of_any_order_is_the_last) {
  const std::uint64_t seed = test::fresh_seed();
  SCOPED_TRACE(test::say(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 2000; ++round) {
    LiveCount live;
    live.start();
    std::uint64_t issued = 0;
    std::uint64_t alive = 0;
    bool sealed = false;
    for (bool last = false; !last;) {
      if (!sealed && random() % 2 == 0) ++issued, ++alive;
      if (alive != 0 && random() % 4 == 0) live.add(), ++alive;
      if (alive != 0 && random() % 2 == 0) {
        last = live.drop();
        --alive;
      } else if (!sealed && random() % 8 == 0) {
        last = live.seal(issued);
        sealed = true;
      }
      ASSERT_EQ(last, sealed && alive == 0);
      if (!sealed) {
        ASSERT_EQ(live.all_dropped(issued), alive == 0);
      }
    }
    ASSERT_EQ(live.value(), 0u);
  }
}

TEST(RefCount, only_the_last_release_is_told_so) {
  RefCount count;
  count.retain();
  count.retain();
  EXPECT_FALSE(count.release());
  EXPECT_FALSE(count.release());
  EXPECT_TRUE(count.release());
}

TEST(OwnerWord, nobody_owns_a_fresh_thing) {
  const OwnerWord owner;
  EXPECT_EQ(owner.get(), 0u);
}

TEST(OwnerWord, is_claimed_from_the_owner_that_was_seen_and_no_other) {
  OwnerWord owner;
  EXPECT_FALSE(owner.claim(3, 5));
  EXPECT_TRUE(owner.claim(0, 5));
  EXPECT_TRUE(owner.is(5));
  EXPECT_FALSE(owner.claim(0, 6));
  EXPECT_EQ(owner.get(), 5u);
}

TEST(OwnerWord, is_passed_on) {
  OwnerWord owner;
  ASSERT_TRUE(owner.claim(0, 5));
  owner.release(6);
  EXPECT_TRUE(owner.is(6));
  EXPECT_FALSE(owner.is(5));
}

TEST(Gauge, shows_what_was_set_last) {
  Gauge<std::uint32_t> gauge;
  EXPECT_EQ(gauge.get(), 0u);
  gauge.set(7);
  EXPECT_EQ(gauge.get(), 7u);
  EXPECT_EQ(Gauge<std::uint32_t>(9).get(), 9u);
}

TEST(Tally, add_returns_the_value_before) {
  Tally tally;
  EXPECT_EQ(tally.add(5), 0u);
  EXPECT_EQ(tally.add(1), 5u);
  tally.subtract(4);
  EXPECT_EQ(tally.get(), 2u);
}

TEST(Tally, raise_never_lowers) {
  Tally tally;
  tally.raise(5);
  tally.raise(3);
  EXPECT_EQ(tally.get(), 5u);
  tally.raise(6);
  EXPECT_EQ(tally.get(), 6u);
}

}  // namespace
}  // namespace bufferpool::detail
