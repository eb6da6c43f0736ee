// Runs of slots, and how they grow in place.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <new>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/slot_pool.hpp"
#include "support/seed.hpp"
#include "support/slots.hpp"

namespace bufferpool::test {
namespace {

TEST(SlotPoolRun, has_as_many_consecutive_slots_as_were_asked_for) {
  for (const std::uint64_t slots : {8u, 63u, 64u, 65u, 200u, 5000u}) {
    SlotPool pool({.slot_bytes = 24, .slots = slots});
    void* const run = pool.allocate_run(slots - 1);
    ASSERT_TRUE(pool.owns(run)) << slots;
    EXPECT_EQ(pool.stats().taken_slots, slots - 1);
    std::memset(run, 1, (slots - 1) * 24);
    pool.deallocate_run(run, slots - 1);
    EXPECT_TRUE(has_every_slot_once(pool)) << slots;
  }
}

TEST(SlotPoolRun, the_whole_pool_is_a_run) {
  for (const std::uint64_t slots : {1u, 63u, 64u, 65u, 127u, 128u, 4097u}) {
    SlotPool pool({.slot_bytes = 8, .slots = slots});
    void* const run = pool.allocate_run(slots);
    EXPECT_TRUE(pool.owns(run)) << slots;
    EXPECT_EQ(pool.try_allocate(), nullptr) << slots;
    pool.deallocate_run(run, slots);
  }
}

TEST(SlotPoolRun, the_whole_pool_is_a_run_again_after_single_slots_were_used) {
  for (const std::uint64_t slots : {8u, 64u, 1000u}) {
    SlotPool pool({.slot_bytes = 8, .slots = slots});
    give_all(pool, take_all(pool));
    void* const run = pool.allocate_run(slots);  // some wait in the magazine of this thread
    EXPECT_TRUE(pool.owns(run)) << slots;
    pool.deallocate_run(run, slots);
  }
}

TEST(SlotPoolRun, of_no_slots_is_one_of_one) {
  SlotPool pool({.slot_bytes = 8, .slots = 8});
  void* const run = pool.allocate_run(0);
  EXPECT_TRUE(pool.owns(run));
  EXPECT_EQ(pool.stats().taken_slots, 1u);
  pool.deallocate_run(run, 0);
  EXPECT_EQ(pool.stats().taken_slots, 0u);
}

TEST(SlotPoolRun, of_one_slot_is_a_slot) {
  for (const std::uint64_t slots : {8u, 100u}) {
    SlotPool pool({.slot_bytes = 8, .slots = slots});
    pool.deallocate(pool.allocate_run(1));
    pool.deallocate_run(pool.allocate(), 1);
    EXPECT_TRUE(has_every_slot_once(pool)) << slots;
  }
}

TEST(SlotPoolRun, does_not_use_a_taken_slot) {
  SlotPool pool({.slot_bytes = 8, .slots = 9});
  std::vector<void*> all = take_all(pool);
  for (const std::size_t slot : {0u, 1u, 3u, 4u, 5u, 7u}) pool.deallocate(all[slot]);
  EXPECT_EQ(pool.allocate_run(3), all[3]);
  EXPECT_EQ(pool.allocate_run(2), all[0]);
  void* const elsewhere = pool.allocate_run(2);
  EXPECT_FALSE(pool.owns(elsewhere));
  pool.deallocate_run(elsewhere, 2);
}

// --- Growth.

class SlotPoolExtend : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  SlotPool pool_{
      {.slot_bytes = 16, .slots = GetParam(), .upstream = std::pmr::null_memory_resource()}};
};

INSTANTIATE_TEST_SUITE_P(Slots, SlotPoolExtend, ::testing::Values(63, 64, 200, 5000),
                         ::testing::PrintToStringParamName());

TEST_P(SlotPoolExtend, a_run_takes_the_free_slots_behind_it) {
  void* const run = pool_.allocate_run(2);
  ASSERT_TRUE(pool_.try_extend(run, 2, 5));
  EXPECT_EQ(pool_.stats().taken_slots, 5u);
  std::memset(run, 1, 5 * 16);
  pool_.deallocate_run(run, 5);
  EXPECT_TRUE(has_every_slot_once(pool_));
}

TEST_P(SlotPoolExtend, a_run_grows_to_the_end_of_the_pool_and_no_further) {
  void* const run = pool_.allocate_run(2);
  EXPECT_FALSE(pool_.try_extend(run, 2, pool_.slots() + 1));
  ASSERT_TRUE(pool_.try_extend(run, 2, pool_.slots()));
  EXPECT_FALSE(pool_.try_extend(run, pool_.slots(), pool_.slots() + 1));
  EXPECT_FALSE(pool_.try_extend(run, pool_.slots(), UINT64_MAX));
  pool_.deallocate_run(run, pool_.slots());
}

TEST_P(SlotPoolExtend, a_taken_slot_behind_it_stops_a_run_and_nothing_changes) {
  for (const std::uint64_t length : {std::uint64_t{2}, GetParam() / 2, GetParam() - 2}) {
    void* const run = pool_.allocate_run(length);
    void* const obstacle = pool_.allocate_run(2);
    ASSERT_EQ(obstacle, slot_after(pool_, run, length));
    EXPECT_FALSE(pool_.try_extend(run, length, length + 1));
    EXPECT_EQ(pool_.stats().taken_slots, length + 2);
    pool_.deallocate_run(obstacle, 2);
    pool_.deallocate_run(run, length);
  }
}

TEST_P(SlotPoolExtend, a_refused_growth_leaves_the_slots_in_between_free) {
  const std::uint64_t gap = GetParam() < 200 ? 50 : 150;  // of more than one word
  void* const run = pool_.allocate_run(2);
  void* const between = pool_.allocate_run(gap);
  void* const obstacle = pool_.allocate_run(2);
  pool_.deallocate_run(between, gap);
  EXPECT_FALSE(pool_.try_extend(run, 2, 2 + gap + 1));
  EXPECT_EQ(pool_.stats().taken_slots, 4u);
  EXPECT_EQ(take_all(pool_).size(), pool_.slots() - 4);
  EXPECT_TRUE(pool_.owns(obstacle));
}

TEST_P(SlotPoolExtend, a_single_slot_grows) {
  void* const slot = pool_.allocate();
  void* const run = pool_.allocate_run(3);
  ASSERT_TRUE(pool_.owns(run));
  pool_.deallocate(slot);
  ASSERT_TRUE(pool_.try_extend(run, 3, 4));
  pool_.deallocate_run(run, 4);
  void* const again = pool_.allocate();
  ASSERT_TRUE(pool_.try_extend(again, 1, 4));
  pool_.deallocate_run(again, 4);
  EXPECT_TRUE(has_every_slot_once(pool_));
}

TEST_P(SlotPoolExtend, slots_in_the_magazine_of_this_thread_are_not_in_the_way) {
  void* const slot = pool_.allocate();  // with a magazine, those behind it are in there
  ASSERT_EQ(to_number(pool_.index_of(slot)), 0u);
  ASSERT_TRUE(pool_.try_extend(slot, 1, 8));
  pool_.deallocate_run(slot, 8);
  EXPECT_TRUE(has_every_slot_once(pool_));
}

TEST_P(SlotPoolExtend, slots_in_the_magazine_of_this_thread_are_not_in_the_way_behind_free_ones) {
  void* const run = pool_.allocate_run(2);
  ASSERT_EQ(to_number(pool_.index_of(run)), 0u);
  void* const next = pool_.allocate_run(2);
  void* const cached = pool_.allocate();  // slot 4
  ASSERT_EQ(to_number(pool_.index_of(cached)), 4u);
  pool_.deallocate(cached);
  pool_.deallocate_run(next, 2);
  ASSERT_TRUE(pool_.try_extend(run, 2, 6));  // 2 and 3 are free, 4 is in the magazine
  pool_.deallocate_run(run, 6);
  EXPECT_TRUE(has_every_slot_once(pool_));
}

TEST_P(SlotPoolExtend, the_same_length_is_granted_and_less_is_not) {
  void* const run = pool_.allocate_run(4);
  ASSERT_TRUE(pool_.try_extend(run, 4, 4));
  EXPECT_FALSE(pool_.try_extend(run, 4, 3));
  EXPECT_FALSE(pool_.try_extend(run, 4, 0));
  EXPECT_EQ(pool_.stats().taken_slots, 4u);
  pool_.deallocate_run(run, 4);
}

TEST_P(SlotPoolExtend, bytes_stay_where_they_are) {
  auto* const run = static_cast<unsigned char*>(pool_.allocate_run(2));
  std::memset(run, 7, 2 * 16);
  ASSERT_TRUE(pool_.try_extend(run, 2, 8));
  for (std::size_t i = 0; i < 2 * 16; ++i) ASSERT_EQ(run[i], 7);
  pool_.deallocate_run(run, 8);
}

/// Runs of all lengths, against a map of who has which slot.
TEST_P(SlotPoolExtend, runs_never_share_a_slot) {
  const std::uint64_t seed = fresh_seed();
  SCOPED_TRACE(say(seed));
  std::mt19937_64 random(seed);
  std::vector<bool> taken(pool_.slots(), false);
  std::vector<std::pair<void*, std::uint64_t>> runs;
  const auto mark = [&](void* run, std::uint64_t from, std::uint64_t to, bool state) {
    const std::uint64_t first = to_number(pool_.index_of(run));
    for (std::uint64_t slot = first + from; slot < first + to; ++slot) {
      ASSERT_NE(taken[slot], state) << slot;
      taken[slot] = state;
    }
  };
  for (int step = 0; step < 3000 && !HasFatalFailure(); ++step) {
    const std::uint64_t length = 1 + random() % (random() % 16 == 0 ? pool_.slots() : 9);
    if (random() % 2 == 0) {
      try {
        void* const run = pool_.allocate_run(length);
        mark(run, 0, length, true);
        runs.emplace_back(run, length);
      } catch (const std::bad_alloc&) {
      }
    } else if (!runs.empty()) {
      std::swap(runs[random() % runs.size()], runs.back());
      auto& [run, slots] = runs.back();
      if (random() % 2 == 0) {
        if (!pool_.try_extend(run, slots, slots + length)) continue;
        mark(run, slots, slots + length, true);
        slots += length;
      } else {
        mark(run, 0, slots, false);
        pool_.deallocate_run(run, slots);
        runs.pop_back();
      }
    }
    ASSERT_EQ(pool_.stats().taken_slots,
              static_cast<std::uint64_t>(std::count(taken.begin(), taken.end(), true)));
  }
  for (const auto& [run, slots] : runs) pool_.deallocate_run(run, slots);
  EXPECT_TRUE(has_every_slot_once(pool_));
}

}  // namespace
}  // namespace bufferpool::test
