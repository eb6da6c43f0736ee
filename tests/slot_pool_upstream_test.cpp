// What happens when every slot is taken.
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <new>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/slot_pool.hpp"
#include "support/slots.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::test {
namespace {

void expect_same_but_for_refused(const SlotPoolStats& now, const SlotPoolStats& before) {
  EXPECT_EQ(now.slots, before.slots);
  EXPECT_EQ(now.free_slots, before.free_slots);
  EXPECT_EQ(now.taken_slots, before.taken_slots);
  EXPECT_EQ(now.cached_slots, before.cached_slots);
  EXPECT_EQ(now.peak_slots, before.peak_slots);
  EXPECT_EQ(now.served_by_upstream, before.served_by_upstream);
}

TEST(SlotPoolUpstream, to_give_its_blocks_back_leaves_errno_alone) {
  SlotPool pool({.slot_bytes = 100, .slots = 0});
  void* const block = pool.allocate();
  errno = 7;
  pool.deallocate(block);
  EXPECT_EQ(errno, 7);
}

TEST(SlotPoolUpstream, serves_when_every_slot_is_taken) {
  for (const std::uint64_t slots : {0u, 1u, 63u, 64u, 200u}) {
    WatchedResource upstream;
    SlotPool pool({.slot_bytes = 100, .slots = slots, .upstream = &upstream});
    const std::vector<void*> all = take_all(pool);
    void* const block = pool.allocate();
    ASSERT_NE(block, nullptr);
    EXPECT_FALSE(pool.owns(block));
    std::memset(block, 1, pool.slot_bytes());
    EXPECT_EQ(upstream.live_blocks(), 1u);
    EXPECT_EQ(pool.stats().served_by_upstream, 1u);
    pool.deallocate(block);
    EXPECT_EQ(upstream.live_blocks(), 0u);
    give_all(pool, all);
  }
}

TEST(SlotPoolUpstream, is_not_asked_while_there_are_slots) {
  WatchedResource upstream;
  SlotPool pool({.slot_bytes = 100, .slots = 100, .upstream = &upstream});
  std::vector<void*> all;
  for (int i = 0; i < 100; ++i) all.push_back(pool.allocate());
  EXPECT_EQ(upstream.calls(), 0u);
  EXPECT_EQ(count_different_slots(pool, all), 100u);
  give_all(pool, all);
}

TEST(SlotPoolUpstream, a_slot_that_comes_back_serves_before_upstream) {
  WatchedResource upstream;
  SlotPool pool({.slot_bytes = 100, .slots = 2, .upstream = &upstream});
  void* const first = pool.allocate();
  void* const second = pool.allocate();
  void* const block = pool.allocate();
  pool.deallocate(first);
  EXPECT_EQ(pool.allocate(), first);
  give_all(pool, {first, second, block});
}

TEST(SlotPoolUpstream, serves_runs_that_do_not_fit) {
  WatchedResource upstream;
  SlotPool pool({.slot_bytes = 100, .slots = 10, .upstream = &upstream});
  void* const block = pool.allocate_run(11);
  EXPECT_FALSE(pool.owns(block));
  std::memset(block, 1, 11 * pool.slot_bytes());
  pool.deallocate_run(block, 11);
  EXPECT_EQ(upstream.live_blocks(), 0u);
  EXPECT_TRUE(has_every_slot_once(pool));
}

TEST(SlotPoolUpstream, its_blocks_do_not_grow_in_place) {
  SlotPool pool({.slot_bytes = 100, .slots = 0});
  void* const block = pool.allocate_run(2);
  EXPECT_FALSE(pool.try_extend(block, 2, 3));
  pool.deallocate_run(block, 2);
}

TEST(SlotPoolUpstream, a_pool_of_no_slots_leaves_everything_to_it) {
  WatchedResource upstream;
  SlotPool pool({.slot_bytes = 100, .slots = 0, .upstream = &upstream});
  EXPECT_EQ(pool.slots(), 0u);
  EXPECT_EQ(pool.try_allocate(), nullptr);
  void* const one = pool.allocate();
  void* const run = pool.allocate_run(5);
  EXPECT_FALSE(pool.owns(one));
  EXPECT_EQ(upstream.live_blocks(), 2u);
  EXPECT_EQ(pool.stats().served_by_upstream, 2u);
  EXPECT_EQ(pool.stats().taken_slots, 0u);
  pool.deallocate(one);
  pool.deallocate_run(run, 5);
}

TEST(SlotPoolUpstream, try_allocate_does_not_ask_it) {
  WatchedResource upstream;
  SlotPool pool({.slots = 1, .upstream = &upstream});
  const std::vector<void*> all = take_all(pool);
  EXPECT_EQ(pool.try_allocate(), nullptr);
  EXPECT_EQ(upstream.calls(), 0u);
  give_all(pool, all);
}

TEST(SlotPoolUpstream, with_none_an_exhausted_pool_throws_and_only_counts_the_refusal) {
  for (const std::uint64_t slots : {0u, 1u, 64u, 1024u}) {
    SlotPool pool({.slots = slots, .upstream = std::pmr::null_memory_resource()});
    const std::vector<void*> all = take_all(pool);
    const SlotPoolStats before = pool.stats();
    EXPECT_THROW(static_cast<void>(pool.allocate()), std::bad_alloc);
    EXPECT_THROW(static_cast<void>(pool.allocate_run(2)), std::bad_alloc);
    EXPECT_EQ(pool.stats().refused, before.refused + 2);
    expect_same_but_for_refused(pool.stats(), before);
    give_all(pool, all);
    EXPECT_TRUE(has_every_slot_once(pool));
  }
}

TEST(SlotPoolUpstream, a_run_whose_size_overflows_is_bad_alloc) {
  WatchedResource upstream;
  SlotPool pool({.slot_bytes = 4096, .slots = 8, .upstream = &upstream});
  for (const std::uint64_t slots : {UINT64_MAX, UINT64_MAX / 2, UINT64_MAX / 4096,
                                    UINT64_MAX / 4096 + 1, UINT64_MAX / 4096 + 2}) {
    EXPECT_THROW(static_cast<void>(pool.allocate_run(slots)), std::bad_alloc) << slots;
  }
  EXPECT_EQ(upstream.live_blocks(), 0u);
  EXPECT_EQ(pool.stats().taken_slots, 0u);
  EXPECT_EQ(pool.stats().refused, 5u);
  EXPECT_TRUE(has_every_slot_once(pool));
}

TEST(SlotPoolUpstream, an_exception_at_any_call_changes_nothing) {
  constexpr std::uint64_t kBlocks = 8;
  for (std::uint64_t failing = 1; failing <= kBlocks; ++failing) {
    WatchedResource upstream;
    SlotPool pool({.slot_bytes = 100, .slots = 2, .upstream = &upstream});
    std::vector<void*> all = take_all(pool);
    upstream.fail_at(failing);
    for (std::uint64_t call = 1; call <= kBlocks; ++call) {
      const SlotPoolStats before = pool.stats();
      if (call == failing) {
        EXPECT_THROW(static_cast<void>(pool.allocate()), std::bad_alloc);
        EXPECT_EQ(pool.stats().refused, before.refused + 1);
        expect_same_but_for_refused(pool.stats(), before);
      }
      all.push_back(pool.allocate());
      EXPECT_EQ(pool.stats().served_by_upstream, call);
    }
    EXPECT_EQ(upstream.live_blocks(), kBlocks);
    give_all(pool, all);
    EXPECT_EQ(upstream.live_blocks(), 0u);
    EXPECT_TRUE(has_every_slot_once(pool));
  }
}

TEST(SlotPoolUpstream, what_it_serves_is_not_refused) {
  SlotPool pool({.slots = 0});
  void* const block = pool.allocate();
  EXPECT_EQ(pool.stats().refused, 0u);
  pool.deallocate(block);
}

TEST(SlotPoolUpstream, each_pool_gets_its_own_blocks_back) {
  WatchedResource first_upstream;
  WatchedResource second_upstream;
  SlotPool first({.slots = 0, .upstream = &first_upstream});
  SlotPool second({.slots = 0, .upstream = &second_upstream});
  void* const of_first = first.allocate();
  void* const of_second = second.allocate();
  first.deallocate(of_first);
  EXPECT_EQ(second_upstream.live_blocks(), 1u);
  second.deallocate(of_second);
  EXPECT_EQ(second_upstream.live_blocks(), 0u);
}

}  // namespace
}  // namespace bufferpool::test
