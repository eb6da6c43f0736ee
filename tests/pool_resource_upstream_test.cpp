// What does not fit into the pool comes from upstream and goes back there; upstream may refuse.
#include <cstdint>
#include <memory_resource>
#include <new>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/pool_resource.hpp"
#include "support/blocks.hpp"
#include "support/resource_stats.hpp"
#include "support/slots.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::test {
namespace {

class PoolResourceUpstream : public ::testing::Test {
 protected:
  WatchedResource upstream_;
  SlotPool pool_{{.slot_bytes = 4096, .slots = 8, .upstream = &upstream_}};
  PoolResource memory_{pool_};
};

TEST_F(PoolResourceUpstream, what_fits_does_not_come_from_there) {
  for (const std::size_t bytes : {1u, 100u, 4096u, 4097u, 20'000u}) {
    free_block(memory_, allocate_block(memory_, bytes, 1, 1));
  }
  EXPECT_EQ(upstream_.calls(), 0u);
}

TEST_F(PoolResourceUpstream, what_does_not_fit_goes_back_with_its_size_and_alignment) {
  const std::vector<void*> slots = take_all(pool_);
  for (std::size_t alignment = 1; alignment <= 1024 * 1024; alignment *= 4) {
    for (const std::size_t bytes : {0u, 1u, 100u, 5000u, 100'000u}) {
      const Block block = allocate_block(memory_, bytes, alignment, 1);
      EXPECT_TRUE(block.is_aligned());
      EXPECT_TRUE(upstream_.owns(block.data));
      EXPECT_FALSE(memory_.owns(block.data));
      EXPECT_TRUE(block.is_whole());
      EXPECT_EQ(memory_.stats().upstream_blocks, 1u);
      free_block(memory_, block);  // the upstream checks what comes back
      EXPECT_EQ(upstream_.live_blocks(), 0u);
    }
  }
  give_all(pool_, slots);
}

TEST_F(PoolResourceUpstream, its_calls_are_counted_for_the_class_or_the_runs) {
  const std::vector<void*> slots = take_all(pool_);
  const Block small = allocate_block(memory_, 100, 1, 1);
  const Block other_small = allocate_block(memory_, 100, 1, 1);
  const Block large = allocate_block(memory_, 100'000, 1, 1);
  const PoolResourceStats stats = memory_.stats();
  EXPECT_EQ(stats.of(100).upstream_calls, 2u);
  EXPECT_EQ(stats.runs.upstream_calls, 1u);
  EXPECT_EQ(stats.upstream_blocks, 3u);
  for (const Block& block : {small, other_small, large}) free_block(memory_, block);
  EXPECT_EQ(memory_.stats().of(100).upstream_calls, 2u) << "since construction";
  EXPECT_EQ(memory_.stats().upstream_blocks, 0u);
  give_all(pool_, slots);
}

TEST_F(PoolResourceUpstream, a_refusal_changes_nothing) {
  std::vector<Block> blocks;
  for (int i = 0; i < 7; ++i) blocks.push_back(allocate_block(memory_, 3000, 1, blocks.size()));
  for (const std::size_t bytes : {0u, 1u, 3000u, 4096u, 50'000u}) {
    const std::vector<void*> slots = take_all(pool_);
    const std::vector<void*> rest = [&] {
      upstream_.fail_at(1);
      return take_all_blocks(memory_, bytes);
    }();
    const auto before = what_is_held(memory_.stats());
    for (const std::size_t alignment : {1u, 64u, 8192u}) {
      upstream_.fail_at(1);
      EXPECT_THROW(static_cast<void>(memory_.allocate(bytes, alignment)), std::bad_alloc);
      EXPECT_EQ(what_is_held(memory_.stats()), before) << bytes << ", " << alignment;
    }
    free_all_blocks(memory_, rest, bytes);
    give_all(pool_, slots);
  }
  for (const Block& block : blocks) {
    EXPECT_TRUE(block.is_whole());
    free_block(memory_, block);
  }
}

/// A day's work, whose k-th call of upstream fails: what was done before it is all there after it.
TEST_F(PoolResourceUpstream, whichever_call_it_refuses_the_resource_stays_usable) {
  for (std::uint64_t call = 1;; ++call) {
    std::vector<Block> blocks;
    upstream_.fail_at(call);
    bool refused = false;
    for (std::size_t i = 0; i < 60; ++i) {
      const std::size_t bytes = (i * 997) % 9000;
      try {
        blocks.push_back(allocate_block(memory_, bytes, std::size_t{1} << (i % 14), i));
      } catch (const std::bad_alloc&) {
        ASSERT_FALSE(refused) << "upstream refuses once";
        refused = true;
        blocks.push_back(allocate_block(memory_, bytes, std::size_t{1} << (i % 14), i));
      }
    }
    ASSERT_TRUE(are_apart(blocks));
    for (const Block& block : blocks) {
      ASSERT_TRUE(block.is_whole());
      free_block(memory_, block);
    }
    ASSERT_TRUE(is_quiet(memory_.stats()));
    ASSERT_EQ(upstream_.live_blocks(), 0u);
    if (!refused) break;
    ASSERT_LT(call, 60u);
  }
  upstream_.fail_at(0);
}

TEST_F(PoolResourceUpstream, containers_keep_their_elements_when_it_refuses) {
  std::pmr::vector<int> numbers(&memory_);
  const std::vector<void*> slots = take_all(pool_);
  numbers.assign({1, 2, 3});
  upstream_.fail_at(1);
  EXPECT_THROW(numbers.resize(100), std::bad_alloc);
  EXPECT_EQ(numbers, (std::pmr::vector<int>{1, 2, 3}));
  give_all(pool_, slots);
}

TEST_F(PoolResourceUpstream, a_resource_without_one_refuses_what_does_not_fit) {
  SlotPool pool({.slot_bytes = 4096, .slots = 8, .upstream = std::pmr::null_memory_resource()});
  PoolResource memory(pool);
  EXPECT_THROW(static_cast<void>(memory.allocate(9 * 4096)), std::bad_alloc);
  const std::vector<void*> all = take_all_blocks(memory, 4096);
  EXPECT_EQ(all.size(), 8u);
  EXPECT_THROW(static_cast<void>(memory.allocate(1)), std::bad_alloc);
  EXPECT_THROW(static_cast<void>(memory.allocate(0)), std::bad_alloc);
  free_all_blocks(memory, all, 4096);
  EXPECT_TRUE(is_quiet(memory.stats()));
}

TEST_F(PoolResourceUpstream, what_can_never_fit_costs_nobody_the_blocks_that_it_keeps) {
  SlotPool pool({.slot_bytes = 4096, .slots = 256, .upstream = std::pmr::null_memory_resource()});
  PoolResource memory(pool);
  memory.deallocate(memory.allocate(100), 100);
  const std::uint64_t kept = memory.stats().of(100).cached;
  ASSERT_NE(kept, 0u);
  for (const std::size_t bytes : {std::size_t{257} * 4096, std::size_t{PTRDIFF_MAX}}) {
    EXPECT_THROW(static_cast<void>(memory.allocate(bytes, 1)), std::bad_alloc);
    EXPECT_EQ(memory.stats().of(100).cached, kept) << bytes;
  }
  memory.deallocate(memory.allocate(256 * 4096), 256 * 4096);  // what fits gets them all
  EXPECT_EQ(memory.stats().of(100).cached, 0u);
}

TEST_F(PoolResourceUpstream, one_resource_may_be_the_upstream_of_anothers_pool) {
  SlotPool small({.slot_bytes = 256, .slots = 4, .upstream = &memory_});
  PoolResource in_front(small);
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < 100; ++i) blocks.push_back(allocate_block(in_front, 100, 8, i));
  EXPECT_TRUE(are_apart(blocks));
  EXPECT_NE(sum_of(memory_.stats()).in_use, 0u);
  for (const Block& block : blocks) {
    EXPECT_TRUE(block.is_whole());
    free_block(in_front, block);
  }
  EXPECT_TRUE(is_quiet(memory_.stats()));
}

}  // namespace
}  // namespace bufferpool::test
