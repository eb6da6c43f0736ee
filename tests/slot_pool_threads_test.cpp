// Threads that come and go, and what becomes of the slots in their magazines.
#include <atomic>
#include <barrier>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/slot_pool.hpp"
#include "bufferpool/thread_ticket.hpp"
#include "support/slots.hpp"
#include "support/threads.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::test {
namespace {

TEST(SlotPoolThreads, a_slot_may_be_given_back_by_another_thread) {
  for (const std::uint64_t slots : {8u, 64u, 1024u}) {
    SlotPool pool({.slot_bytes = 8, .slots = slots});
    const std::vector<void*> all = take_all(pool);
    on_a_thread_that_ends([&] {
      use(all);
      give_all(pool, all);
    });
    use(take_all(pool));
    EXPECT_EQ(pool.stats().taken_slots, slots);
  }
}

TEST(SlotPoolThreads, a_slot_of_an_ended_thread_serves_another) {
  SlotPool pool({.slot_bytes = 8, .slots = 64});
  on_a_thread_that_ends([&] { give_all(pool, take_all(pool)); });
  EXPECT_TRUE(has_every_slot_once(pool));
}

TEST(SlotPoolThreads, a_slot_that_an_ended_thread_left_serves_the_next_thread_at_once) {
  SlotPool pool({.slot_bytes = 8, .slots = 64});
  on_a_thread_that_ends([&] { pool.deallocate(take_all(pool).back()); });
  void* slot = nullptr;
  on_a_thread_that_ends([&] { slot = pool.try_allocate(); });
  EXPECT_NE(slot, nullptr);
}

TEST(SlotPoolThreads, slots_of_an_ended_thread_serve_while_a_new_thread_uses_another_pool) {
  SlotPool pool({.slot_bytes = 8, .slots = 1024});
  SlotPool other({.slot_bytes = 8, .slots = 1024});
  on_a_thread_that_ends([&] { pool.deallocate(pool.allocate()); });
  const WaitingThread user_of_the_other([&] { other.deallocate(other.allocate()); });
  EXPECT_EQ(take_all(pool).size(), 1024u);
}

TEST(SlotPoolThreads, a_magazine_that_an_ended_thread_left_is_the_next_threads) {
  SlotPool pool({.slot_bytes = 8, .slots = 1024});
  SlotPool other({.slot_bytes = 8, .slots = 1024});
  on_a_thread_that_ends([&] { pool.deallocate(pool.allocate()); });
  ASSERT_EQ(pool.stats().cached_slots, 0u);
  const WaitingThread next([&] {
    other.deallocate(other.allocate());
    pool.deallocate(pool.allocate());
  });
  EXPECT_GT(pool.stats().cached_slots, 0u);
}

TEST(SlotPoolThreads, a_magazine_that_was_collected_is_the_next_threads) {
  SlotPool pool({.slot_bytes = 8, .slots = 1024});
  on_a_thread_that_ends([&] { pool.deallocate(pool.allocate()); });
  give_all(pool, take_all(pool));
  const std::uint64_t of_this_thread = pool.stats().cached_slots;
  const WaitingThread next([&] { pool.deallocate(pool.allocate()); });
  EXPECT_GT(pool.stats().cached_slots, of_this_thread);
}

TEST(SlotPoolThreads, a_run_uses_what_an_ended_thread_left) {
  SlotPool pool({.slot_bytes = 8, .slots = 128});
  on_a_thread_that_ends([&] { give_all(pool, take_all(pool)); });
  void* const run = pool.allocate_run(128);
  EXPECT_TRUE(pool.owns(run));
  pool.deallocate_run(run, 128);
}

TEST(SlotPoolThreads, a_running_thread_gives_its_magazine_up_at_its_next_release) {
  SlotPool pool({.slot_bytes = 8, .slots = 64});
  void* of_the_other = nullptr;
  std::barrier step(2);
  std::thread other([&] {
    of_the_other = pool.allocate();  // and some more are in its magazine now
    step.arrive_and_wait();
    step.arrive_and_wait();  // somebody has missed them
    pool.deallocate(of_the_other);
    step.arrive_and_wait();
    step.arrive_and_wait();
  });
  step.arrive_and_wait();
  std::vector<void*> mine = take_all(pool);
  EXPECT_LT(mine.size(), 63u);
  EXPECT_EQ(mine.size() + pool.stats().cached_slots, 63u);
  step.arrive_and_wait();
  step.arrive_and_wait();
  for (void* const slot : take_all(pool)) mine.push_back(slot);
  EXPECT_EQ(count_different_slots(pool, mine), 64u);
  step.arrive_and_wait();
  other.join();
}

TEST(SlotPoolThreads, more_threads_than_magazines_share_the_pool) {
  SlotPool pool({.slot_bytes = 8, .slots = 64});  // has two magazines
  std::atomic<int> missed{0};
  on_threads(8, [&](int) {
    for (int round = 0; round < 2000; ++round) {
      void* const slot = pool.try_allocate();
      if (slot == nullptr) {
        ++missed;
        continue;
      }
      *static_cast<std::uint64_t*>(slot) = 1;  // two holders would be a data race
      pool.deallocate(slot);
    }
  });
  EXPECT_LT(missed, 8 * 2000);
  EXPECT_TRUE(has_every_slot_once(pool));
}

TEST(SlotPoolThreads, more_threads_than_thread_indices_share_the_pool) {
  constexpr int kThreads = static_cast<int>(detail::kThreadIndices) + 40;
  SlotPool pool({.slot_bytes = 8, .slots = 16 * 1024});
  std::barrier all_hold_one(kThreads);
  std::vector<void*> held(kThreads);
  on_threads(kThreads, [&](int thread) {
    void* const own = held[static_cast<std::size_t>(thread)] = pool.try_allocate();
    if (own != nullptr) use({own});
    all_hold_one.arrive_and_wait();
    void* const next = held[static_cast<std::size_t>((thread + 1) % kThreads)];
    if (next != nullptr) {
      use({next});
      pool.deallocate(next);
    }
    all_hold_one.arrive_and_wait();
  });
  EXPECT_EQ(count_different_slots(pool, held), static_cast<std::uint64_t>(kThreads));
  EXPECT_TRUE(has_every_slot_once(pool));
}

TEST(SlotPoolThreads, the_last_handle_may_go_on_any_thread) {
  WatchedResource region;
  for (int round = 0; round < 200; ++round) {
    std::vector<SlotPool> handles(4, SlotPool({.slot_bytes = 8, .slots = 64, .region = &region}));
    on_threads(4, [&](int thread) {
      SlotPool own = std::move(handles[static_cast<std::size_t>(thread)]);
      void* const slot = own.allocate();
      use({slot});
      own.deallocate(slot);
    });
  }
  EXPECT_EQ(region.live_blocks(), 0u);
}

TEST(SlotPoolThreads, a_thread_ends_well_after_the_pools_that_it_used) {
  std::uint64_t ended = 0;
  on_a_thread_that_ends([&] {
    for (; ended < 100; ++ended) {
      SlotPool pool({.slot_bytes = 8, .slots = 64 + ended});
      pool.deallocate(pool.allocate());
    }
  });
  EXPECT_EQ(ended, 100u);
}

TEST(SlotPoolThreads, upstreams_blocks_are_given_back_by_another_thread) {
  WatchedResource upstream;
  SlotPool pool({.slot_bytes = 8, .slots = 0, .upstream = &upstream});
  void* blocks[4] = {};
  on_threads(4, [&](int thread) {
    blocks[thread] = pool.allocate();
    use({blocks[thread]});
  });
  on_threads(4, [&](int thread) {
    use({blocks[3 - thread]});
    pool.deallocate(blocks[3 - thread]);
  });
  EXPECT_EQ(upstream.live_blocks(), 0u);
  EXPECT_EQ(pool.stats().served_by_upstream, 4u);
}

TEST(SlotPoolThreads, no_number_of_the_statistics_is_above_the_slots_while_threads_work) {
  for (const std::uint64_t slots : {8u, 64u, 200u}) {
    SlotPool pool({.slot_bytes = 8, .slots = slots});
    std::atomic<int> working{3};
    on_threads(4, [&](int thread) {
      if (thread == 3) {
        while (working != 0) {
          const SlotPoolStats stats = pool.stats();
          ASSERT_LE(stats.taken_slots, slots);
          ASSERT_LE(stats.free_slots, slots);
          ASSERT_LE(stats.cached_slots, slots);
          ASSERT_LE(stats.peak_slots, slots);
        }
        return;
      }
      for (int round = 0; round < 3000; ++round) {
        void* const slot = pool.try_allocate();
        void* const run = pool.allocate_run(3);
        use({run});
        if (slot != nullptr) {
          use({slot});
          pool.deallocate(slot);
        }
        pool.deallocate_run(run, 3);
      }
      --working;
    });
    EXPECT_EQ(pool.stats().taken_slots, 0u);
  }
}

// --- Objects that give slots back while their thread, or the program, ends.

struct GivesBackLate {
  SlotPool pool;
  std::vector<void*> slots;
  ~GivesBackLate() { give_all(pool, slots); }
};

TEST(SlotPoolThreads, a_thread_local_object_may_give_slots_back_after_the_magazine) {
  SlotPool pool({.slot_bytes = 8, .slots = 64});
  on_a_thread_that_ends([&] {
    // Made before the thread's first use of a pool, hence destroyed after the magazine was left.
    static thread_local GivesBackLate late{pool, {}};
    late.slots = take_all(pool);
  });
  EXPECT_EQ(pool.stats().taken_slots, 0u);
  EXPECT_EQ(pool.stats().cached_slots, 0u);
  EXPECT_TRUE(has_every_slot_once(pool));
}

TEST(SlotPoolThreads, a_thread_local_object_may_give_slots_back_before_the_magazine) {
  SlotPool pool({.slot_bytes = 8, .slots = 64});
  on_a_thread_that_ends([&] {
    std::vector<void*> all = take_all(pool);
    static thread_local GivesBackLate late{pool, all};
    static_cast<void>(late);
  });
  EXPECT_EQ(pool.stats().taken_slots, 0u);
  EXPECT_EQ(pool.stats().cached_slots, 0u);
  EXPECT_TRUE(has_every_slot_once(pool));
}

struct SaysGoodbye {
  ~SaysGoodbye() {
    std::fputs("all went well\n", stderr);
    std::fflush(stderr);
  }
};

[[noreturn]] void end_the_program_with_static_pools() {
  static const SaysGoodbye goodbye;  // the last to be destroyed
  static GivesBackLate before{SlotPool({.slot_bytes = 8, .slots = 64}), {}};
  static SlotPool pool = before.pool;
  static GivesBackLate after{pool, {pool.allocate()}};
  static thread_local GivesBackLate of_thread{pool, {pool.allocate()}};
  static_cast<void>(of_thread);
  before.slots = {pool.allocate(), pool.allocate()};
  std::exit(0);
}

TEST(SlotPoolThreadsDeathTest, static_pools_and_what_uses_them_may_end_in_any_order) {
  EXPECT_EXIT(end_the_program_with_static_pools(), ::testing::ExitedWithCode(0), "all went well");
}

}  // namespace
}  // namespace bufferpool::test
