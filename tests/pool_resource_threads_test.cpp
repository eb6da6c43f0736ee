// Threads share a resource: they free what others allocated, come and go, and get back what ended threads
// kept in their magazines.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <memory_resource>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/pool_resource.hpp"
#include "support/blocks.hpp"
#include "support/resource_stats.hpp"
#include "support/slots.hpp"
#include "support/threads.hpp"

namespace bufferpool::test {
namespace {

constexpr std::size_t kSizes[] = {1, 16, 40, 100, 700, 5000, 40'000, 300'000};

class PoolResourceThreads : public ::testing::Test {
 protected:
  /// One block of every size, each `count` times.
  [[nodiscard]] std::vector<Block> allocate_some(std::uint64_t stamp, int count = 1) {
    std::vector<Block> blocks;
    for (int i = 0; i < count; ++i) {
      for (const std::size_t bytes : kSizes) {
        blocks.push_back(allocate_block(memory_, bytes, 1, stamp + blocks.size()));
      }
    }
    return blocks;
  }
  [[nodiscard]] bool free_some(const std::vector<Block>& blocks) {
    bool whole = true;
    for (const Block& block : blocks) {
      whole &= block.is_whole();
      free_block(memory_, block);
    }
    return whole;
  }
  void expect_the_whole_region_in_blocks_of(std::size_t bytes) {
    const std::vector<void*> all = take_all_blocks(memory_, bytes);
    EXPECT_GE(static_cast<double>(all.size() * bytes),
              0.9 * static_cast<double>(pool_.slots() * pool_.slot_bytes()));
    free_all_blocks(memory_, all, bytes);
  }

  SlotPool pool_{{.slots = 512, .upstream = std::pmr::null_memory_resource()}};
  PoolResource memory_{pool_};
};

TEST_F(PoolResourceThreads, what_one_allocated_another_frees) {
  std::vector<Block> blocks;
  on_a_thread_that_ends([&] { blocks = allocate_some(1, 20); });
  EXPECT_TRUE(are_apart(blocks));
  on_a_thread_that_ends([&] { EXPECT_TRUE(free_some(blocks)); });
  EXPECT_TRUE(is_quiet(memory_.stats()));
}

TEST_F(PoolResourceThreads, each_begins_with_a_word_of_blocks_of_its_own) {
  for (const std::size_t bytes : {16U, 64U, 256U, 1024U, 4096U}) {
    void* const mine = memory_.allocate(bytes);
    void* others = nullptr;
    on_a_thread_that_ends([&] { others = memory_.allocate(bytes); });
    const auto apart = std::abs(static_cast<std::byte*>(others) - static_cast<std::byte*>(mine));
    EXPECT_GE(static_cast<std::size_t>(apart), std::min(64 * bytes, pool_.slot_bytes())) << bytes;
    memory_.deallocate(mine, bytes);
    memory_.deallocate(others, bytes);
  }
}

TEST_F(PoolResourceThreads, that_run_at_once_have_words_of_a_slab_between_them) {
  constexpr std::size_t kBytes = 64;  // 16 words a slab
  std::vector<std::byte*> begins{static_cast<std::byte*>(memory_.allocate(kBytes))};
  std::vector<std::unique_ptr<WaitingThread>> threads;
  for (int i = 0; i < 3; ++i) {
    threads.push_back(std::make_unique<WaitingThread>(
        [&] { begins.push_back(static_cast<std::byte*>(memory_.allocate(kBytes))); }));
  }
  std::ranges::sort(begins);
  for (std::size_t i = 1; i < begins.size(); ++i) {
    EXPECT_GE(begins[i] - begins[i - 1], std::ptrdiff_t{2 * 64 * kBytes});
  }
  for (std::byte* const block : begins) memory_.deallocate(block, kBytes);
}

TEST_F(PoolResourceThreads, blocks_that_running_threads_hold_are_apart) {
  constexpr int kThreads = 8;
  std::vector<std::vector<Block>> of_thread(kThreads);
  on_threads(kThreads, [&](int thread) {
    of_thread[static_cast<std::size_t>(thread)] =
        allocate_some(static_cast<std::uint64_t>(thread) * 1000, 5);
  });
  std::vector<Block> all;
  for (const auto& blocks : of_thread) all.insert(all.end(), blocks.begin(), blocks.end());
  EXPECT_TRUE(are_apart(all));
  EXPECT_TRUE(free_some(all));
  EXPECT_TRUE(is_quiet(memory_.stats()));
}

TEST_F(PoolResourceThreads, that_come_and_go_leave_nothing_behind_that_is_lost) {
  for (int i = 0; i < 600; ++i) {
    on_a_thread_that_ends([&] { EXPECT_TRUE(free_some(allocate_some(1, 3))); });
  }
  EXPECT_TRUE(is_quiet(memory_.stats()));
  expect_the_whole_region_in_blocks_of(64);
}

TEST_F(PoolResourceThreads, more_than_there_are_magazines_are_served) {
  constexpr std::size_t kThreads = 300;
  std::vector<std::vector<Block>> of_thread(kThreads);
  std::vector<std::unique_ptr<WaitingThread>> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.push_back(std::make_unique<WaitingThread>([&, i] {
      for (const std::size_t bytes : {16u, 100u, 5000u}) {
        of_thread[i].push_back(allocate_block(memory_, bytes, 1, i));
      }
      EXPECT_TRUE(free_some({of_thread[i].back()}));
      of_thread[i].pop_back();
    }));
  }
  std::vector<Block> all;
  for (const auto& blocks : of_thread) all.insert(all.end(), blocks.begin(), blocks.end());
  EXPECT_TRUE(are_apart(all));
  EXPECT_EQ(sum_of(memory_.stats()).in_use, all.size());
  EXPECT_EQ(sum_of(memory_.stats()).asked_bytes, kThreads * 116);
  EXPECT_TRUE(free_some(all));
  EXPECT_TRUE(is_quiet(memory_.stats()));
  threads.clear();
  expect_the_whole_region_in_blocks_of(64);
}

TEST_F(PoolResourceThreads, without_a_magazine_leave_no_count_behind_a_release) {
  std::vector<std::unique_ptr<WaitingThread>> threads;
  for (int i = 0; i < 300; ++i) {
    threads.push_back(
        std::make_unique<WaitingThread>([&] { static_cast<void>(memory_.allocate(100)); }));
  }
  EXPECT_EQ(sum_of(memory_.stats()).asked_bytes, 300U * 100);
  memory_.release();
  EXPECT_TRUE(is_quiet(memory_.stats()));
}

TEST_F(PoolResourceThreads, what_an_ended_thread_kept_serves_any_class) {
  for (const std::size_t bytes : {64u, 1024u, 16u}) {
    on_a_thread_that_ends([&] { free_all_blocks(memory_, take_all_blocks(memory_, 256), 256); });
    EXPECT_GT(sum_of(memory_.stats()).cached, 0u) << "the thread left full magazines";
    expect_the_whole_region_in_blocks_of(bytes);
  }
}

TEST_F(PoolResourceThreads, a_thread_that_only_gives_back_keeps_little) {
  constexpr std::size_t kBytes = 4096;
  for (int round = 0; round < 3; ++round) {
    std::vector<void*> blocks(1000);
    for (void*& block : blocks) block = memory_.allocate(kBytes);
    std::size_t kept_bytes = 0;
    std::thread([&] {
      free_all_blocks(memory_, blocks, kBytes);
      kept_bytes = memory_.stats().of(kBytes).cached * kBytes;
    }).join();
    EXPECT_LE(kept_bytes, std::size_t{768} * 1024) << "of 4 MB";
  }
}

TEST_F(PoolResourceThreads, a_thread_that_takes_again_keeps_much) {
  constexpr std::size_t kBytes = 4096;
  std::vector<void*> blocks(200);
  for (int round = 0; round < 3; ++round) {
    for (void*& block : blocks) block = memory_.allocate(kBytes);
    free_all_blocks(memory_, blocks, kBytes);
  }
  EXPECT_GE(memory_.stats().of(kBytes).cached, blocks.size());
}

/// The thread has slots in its magazine, which others ask for, and uses the resource only.
void expect_slots_come_back_with_blocks(std::size_t slots_a_block) {
  SlotPool pool(
      {.slot_bytes = 64 * 1024, .slots = 256, .upstream = std::pmr::null_memory_resource()});
  PoolResource memory(pool);
  const std::size_t bytes = slots_a_block * pool.slot_bytes();
  std::vector<void*> blocks(100 / slots_a_block);
  for (void*& block : blocks) block = memory.allocate(bytes);
  std::vector<void*> slots(40);
  for (void*& slot : slots) slot = pool.allocate();
  for (void* const slot : slots) pool.deallocate(slot);
  std::thread([&] {
    while (pool.try_allocate() != nullptr) {
    }
  }).join();
  ASSERT_NE(pool.stats().cached_slots, 0u);
  free_all_blocks(memory, blocks, bytes);
  // What another thread finds now is all but what the resource's own magazine keeps.
  std::size_t found = 0;
  std::thread([&] {
    while (pool.try_allocate() != nullptr) ++found;
  }).join();
  const std::size_t kept = memory.stats().of(bytes).cached * slots_a_block;
  EXPECT_GE(found + kept, blocks.size() * slots_a_block + slots.size());
}

TEST(PoolResourceThreadsAsked, slots_come_back_with_blocks_that_fill_one) {
  expect_slots_come_back_with_blocks(1);
}

TEST(PoolResourceThreadsAsked, slots_come_back_with_blocks_of_several) {
  expect_slots_come_back_with_blocks(2);
}

TEST_F(PoolResourceThreads, what_a_running_thread_kept_is_asked_back) {
  std::atomic<int> phase{0};
  std::thread keeper([&] {
    free_all_blocks(memory_, take_all_blocks(memory_, 256), 256);
    phase = 1;
    while (phase != 2) std::this_thread::yield();
    memory_.deallocate(memory_.allocate(256), 256);  // it meets the question
    phase = 3;
    while (phase != 4) std::this_thread::yield();
  });
  while (phase != 1) std::this_thread::yield();
  const std::vector<void*> first = take_all_blocks(memory_, 256);  // until it had to ask
  phase = 2;
  while (phase != 3) std::this_thread::yield();
  const std::vector<void*> rest = take_all_blocks(memory_, 256);
  EXPECT_GE((first.size() + rest.size()) * 256, pool_.slots() * pool_.slot_bytes() * 99 / 100);
  phase = 4;
  keeper.join();
  free_all_blocks(memory_, first, 256);
  free_all_blocks(memory_, rest, 256);
  EXPECT_TRUE(is_quiet(memory_.stats()));
}

/// Allocates and frees when its thread's local objects are destroyed.
struct LateUser {
  ~LateUser() {
    if (memory == nullptr) return;
    for (const std::size_t bytes : kSizes)
      free_block(*memory, allocate_block(*memory, bytes, 1, 1));
    for (const Block& block : held) {
      if (!block.is_whole()) ++damaged;
      free_block(*memory, block);
    }
  }
  PoolResource* memory = nullptr;
  std::vector<Block> held;
  static inline std::atomic<int> damaged{0};
};

TEST_F(PoolResourceThreads, a_thread_at_its_end_is_served_with_its_magazines_gone) {
  for (const bool made_before_the_magazines : {true, false}) {
    std::thread([&] {
      if (!made_before_the_magazines) {
        EXPECT_TRUE(free_some(allocate_some(1)));
      }
      static thread_local LateUser late;
      late.memory = &memory_;
      late.held = allocate_some(7, 10);
    }).join();
  }
  EXPECT_EQ(LateUser::damaged, 0);
  EXPECT_TRUE(is_quiet(memory_.stats()));
  expect_the_whole_region_in_blocks_of(64);
}

TEST_F(PoolResourceThreads, a_thread_goes_from_resource_to_resource) {
  constexpr std::size_t kResources = 40;  // more than there are shortcuts to magazines
  std::vector<std::unique_ptr<PoolResource>> resources;
  for (std::size_t i = 0; i < kResources; ++i) {
    resources.push_back(std::make_unique<PoolResource>(pool_));
  }
  std::vector<Block> blocks;
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < kResources; ++i) {
      blocks.push_back(allocate_block(*resources[i], 100, 1, blocks.size()));
    }
  }
  EXPECT_TRUE(are_apart(blocks));
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_TRUE(resources[i % kResources]->owns(blocks[i].data));
    EXPECT_TRUE(blocks[i].is_whole());
    free_block(*resources[i % kResources], blocks[i]);
  }
}

TEST_F(PoolResourceThreads, a_resource_that_ended_leaves_no_magazine_to_the_next_one) {
  on_threads(2, [&](int) {
    for (int round = 0; round < 200; ++round) {
      PoolResource memory(pool_);
      const Block block = allocate_block(memory, 100, 1, 1);
      if (round % 2 == 0) free_block(memory, block);
      EXPECT_TRUE(memory.owns(block.data));
    }
  });
  EXPECT_EQ(pool_.stats().taken_slots, 0u);
}

}  // namespace
}  // namespace bufferpool::test
