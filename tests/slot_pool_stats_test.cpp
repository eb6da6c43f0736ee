// What a pool tells about its use.
#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/slot_pool.hpp"
#include "support/seed.hpp"
#include "support/slots.hpp"
#include "support/threads.hpp"

namespace bufferpool::test {
namespace {

void expect_consistent(const SlotPoolStats& stats) {
  EXPECT_EQ(stats.free_slots + stats.taken_slots + stats.cached_slots, stats.slots);
  EXPECT_GE(stats.peak_slots, stats.taken_slots);
  EXPECT_LE(stats.peak_slots, stats.slots);
}

TEST(SlotPoolStats, a_new_pool_is_free) {
  for (const std::uint64_t slots : {0u, 1u, 63u, 64u, 65u, 5000u}) {
    const SlotPoolStats stats = SlotPool({.slot_bytes = 8, .slots = slots}).stats();
    EXPECT_EQ(stats.slots, slots);
    EXPECT_EQ(stats.free_slots, slots);
    EXPECT_EQ(stats.taken_slots, 0u);
    EXPECT_EQ(stats.cached_slots, 0u);
    EXPECT_EQ(stats.peak_slots, 0u);
    EXPECT_EQ(stats.served_by_upstream, 0u);
    EXPECT_EQ(stats.refused, 0u);
  }
}

TEST(SlotPoolStats, every_slot_is_free_or_taken_or_cached) {
  for (const std::uint64_t slots : {63u, 64u, 1024u}) {
    SlotPool pool({.slot_bytes = 8, .slots = slots});
    std::vector<void*> taken;
    for (std::uint64_t i = 0; i < slots; ++i) {
      taken.push_back(pool.allocate());
      const SlotPoolStats stats = pool.stats();
      ASSERT_EQ(stats.taken_slots, taken.size());
      expect_consistent(stats);
    }
    while (!taken.empty()) {
      pool.deallocate(taken.back());
      taken.pop_back();
      const SlotPoolStats stats = pool.stats();
      ASSERT_EQ(stats.taken_slots, taken.size());
      expect_consistent(stats);
    }
  }
}

TEST(SlotPoolStats, below_64_slots_nothing_is_cached) {
  SlotPool pool({.slot_bytes = 8, .slots = 63});
  give_all(pool, take_all(pool));
  EXPECT_EQ(pool.stats().cached_slots, 0u);
  EXPECT_EQ(pool.stats().free_slots, 63u);
}

TEST(SlotPoolStats, a_magazine_caches_at_most_a_quarter_of_the_slots_and_at_most_64) {
  for (const std::uint64_t slots : {64u, 100u, 256u, 5000u}) {
    SlotPool pool({.slot_bytes = 8, .slots = slots});
    give_all(pool, take_all(pool));
    EXPECT_GT(pool.stats().cached_slots, 0u) << slots;
    EXPECT_LE(pool.stats().cached_slots, std::min<std::uint64_t>(64, slots / 4)) << slots;
  }
}

/// How many slots one allocation leaves in the magazine, where `pairs` times two slots are free in a pool of
/// 8,192, each of the two alone in its word.
std::uint64_t cached_where_slots_are_alone(std::uint64_t pairs) {
  SlotPool pool({.slot_bytes = 8, .slots = 8192});
  std::vector<void*> free;
  for (std::uint64_t slot = 0; slot < pool.slots(); slot += 128) {
    static_cast<void>(pool.allocate_run(63));
    free.push_back(pool.allocate_run(2));
    static_cast<void>(pool.allocate_run(63));
  }
  free.resize(pairs);
  for (void* const pair : free) pool.deallocate_run(pair, 2);
  static_cast<void>(pool.allocate());
  const SlotPoolStats stats = pool.stats();
  expect_consistent(stats);
  EXPECT_EQ(stats.taken_slots, pool.slots() - 2 * pairs + 1);
  return stats.cached_slots;
}

TEST(SlotPoolStats, a_magazine_is_filled_from_several_words_where_slots_are_alone) {
  EXPECT_EQ(cached_where_slots_are_alone(64), 15u);
}

TEST(SlotPoolStats, a_magazine_takes_at_most_a_quarter_of_the_last_slots_that_are_alone) {
  EXPECT_EQ(cached_where_slots_are_alone(8), 3u);
  EXPECT_EQ(cached_where_slots_are_alone(2), 0u);
}

TEST(SlotPoolStats, what_a_thread_that_has_ended_left_is_free) {
  SlotPool pool({.slot_bytes = 8, .slots = 1024});
  on_a_thread_that_ends([&] { pool.deallocate(pool.allocate()); });
  EXPECT_EQ(pool.stats().cached_slots, 0u);
  EXPECT_EQ(pool.stats().free_slots, 1024u);
}

TEST(SlotPoolStats, a_refusal_is_counted) {
  SlotPool pool({.slots = 2});
  const std::vector<void*> all = take_all(pool);
  EXPECT_EQ(pool.stats().refused, 1u);
  EXPECT_EQ(pool.try_allocate(), nullptr);
  EXPECT_EQ(pool.stats().refused, 2u);
  give_all(pool, all);
}

TEST(SlotPoolStats, growth_that_is_refused_is_no_refused_request) {
  SlotPool pool({.slots = 2});
  void* const run = pool.allocate_run(2);
  EXPECT_FALSE(pool.try_extend(run, 2, 3));
  EXPECT_EQ(pool.stats().refused, 0u);
  pool.deallocate_run(run, 2);
}

// --- The peak.

class SlotPoolPeak : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  SlotPool pool_{{.slot_bytes = 8, .slots = GetParam()}};

  void take(std::uint64_t slots) {
    for (; slots != 0; --slots) held_.push_back(pool_.allocate());
  }
  void give(std::uint64_t slots) {
    for (; slots != 0; --slots) {
      pool_.deallocate(held_.back());
      held_.pop_back();
    }
  }
  std::vector<void*> held_;
};

INSTANTIATE_TEST_SUITE_P(Slots, SlotPoolPeak, ::testing::Values(63, 64, 128, 1000, 5000),
                         ::testing::PrintToStringParamName());

TEST_P(SlotPoolPeak, is_what_was_taken_at_one_time) {
  take(40);
  give(30);
  take(5);
  EXPECT_EQ(pool_.stats().peak_slots, 40u);
}

TEST_P(SlotPoolPeak, is_the_pool_when_every_slot_was_taken) {
  give_all(pool_, take_all(pool_));
  EXPECT_EQ(pool_.stats().peak_slots, GetParam());
}

TEST_P(SlotPoolPeak, a_run_counts_with_all_its_slots) {
  void* const run = pool_.allocate_run(30);
  EXPECT_EQ(pool_.stats().peak_slots, 30u);
  ASSERT_TRUE(pool_.try_extend(run, 30, 50));
  EXPECT_EQ(pool_.stats().peak_slots, 50u);
  pool_.deallocate_run(run, 50);
  EXPECT_EQ(pool_.stats().peak_slots, 50u);
}

TEST_P(SlotPoolPeak, single_slots_beside_a_run_count) {
  void* const run = pool_.allocate_run(20);
  take(9);
  pool_.deallocate_run(run, 20);
  EXPECT_EQ(pool_.stats().peak_slots, 29u);
}

TEST_P(SlotPoolPeak, single_slots_before_a_run_do_not_count_when_they_are_back) {
  take(9);
  give(9);
  pool_.deallocate_run(pool_.allocate_run(20), 20);
  EXPECT_EQ(pool_.stats().peak_slots, 20u);
}

TEST_P(SlotPoolPeak, a_run_that_empties_the_magazine_counts_in_full) {
  take(1);
  give(1);
  void* const run = pool_.allocate_run(GetParam());  // needs what is in the magazine
  ASSERT_TRUE(pool_.owns(run));
  EXPECT_EQ(pool_.stats().peak_slots, GetParam());
  pool_.deallocate_run(run, GetParam());
}

TEST_P(SlotPoolPeak, is_not_below_what_is_taken_when_another_thread_left_slots) {
  on_a_thread_that_ends([&] { pool_.deallocate(pool_.allocate()); });
  const std::vector<void*> all = take_all(pool_);
  EXPECT_EQ(pool_.stats().taken_slots, GetParam());
  EXPECT_EQ(pool_.stats().peak_slots, GetParam());
  give_all(pool_, all);
}

TEST_P(SlotPoolPeak, is_between_what_threads_took_and_that_plus_their_magazines) {
  const WaitingThread other([&] { take(11); });
  std::vector<void*> mine;
  for (int i = 0; i < 12; ++i) mine.push_back(pool_.allocate());
  const SlotPoolStats stats = pool_.stats();
  EXPECT_GE(stats.peak_slots, 23u);
  EXPECT_LE(stats.peak_slots, 23u + stats.cached_slots);
  give_all(pool_, mine);
  give_all(pool_, held_);
}

TEST_P(SlotPoolPeak, is_exact_with_one_thread) {
  const std::uint64_t seed = fresh_seed();
  SCOPED_TRACE(say(seed));
  std::mt19937_64 random(seed);
  std::uint64_t taken = 0;
  std::uint64_t peak = 0;
  std::vector<std::pair<void*, std::uint64_t>> runs;
  for (int step = 0; step < 3000; ++step) {
    const std::uint64_t slots = random() % 8 == 0 ? 1 + random() % 20 : 1;
    if (random() % 100 < 55 && taken + slots <= GetParam() / 2) {
      void* const run = pool_.allocate_run(slots);
      if (pool_.owns(run)) {
        runs.emplace_back(run, slots);
        peak = std::max(peak, taken += slots);
      } else {
        pool_.deallocate_run(run, slots);
      }
    } else if (!runs.empty()) {
      std::swap(runs[random() % runs.size()], runs.back());
      pool_.deallocate_run(runs.back().first, runs.back().second);
      taken -= runs.back().second;
      runs.pop_back();
    }
    if (random() % 64 == 0) {
      ASSERT_EQ(pool_.stats().peak_slots, peak) << "at step " << step;
    }
    if (random() % 256 == 0) {
      while (!runs.empty()) {
        pool_.deallocate_run(runs.back().first, runs.back().second);
        runs.pop_back();
      }
      taken = 0;
    }
  }
  EXPECT_EQ(pool_.stats().peak_slots, peak);
}

}  // namespace
}  // namespace bufferpool::test
