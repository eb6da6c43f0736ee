// release() and the destructor give all back, to the pool and to upstream, also what is held.
#include <cstdint>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/pool_resource.hpp"
#include "support/blocks.hpp"
#include "support/pool_shapes.hpp"
#include "support/resource_stats.hpp"
#include "support/sanitizers.hpp"
#include "support/slots.hpp"
#include "support/threads.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::test {
namespace {

/// A sanitizer looks at each byte, and ThreadSanitizer keeps four times as much for it.
constexpr std::size_t kMostBytes = kEveryStepIsSlow ? 100'000 : 500'000;

class PoolResourceRelease : public ::testing::TestWithParam<PoolShape> {
 protected:
  /// Blocks of all kinds, with some of them freed, so that magazines are full; the rest is returned.
  [[nodiscard]] std::vector<Block> use(PoolResource& memory) {
    std::vector<Block> blocks;
    for (std::size_t bytes = 1; bytes < kMostBytes; bytes += bytes / 2 + 1) {
      for (const std::size_t alignment : {1u, 64u, 8192u}) {
        for (int i = 0; i < 5; ++i) {
          blocks.push_back(allocate_block(memory, bytes, alignment, blocks.size()));
        }
        for (int i = 0; i < 3; ++i) {
          free_block(memory, blocks.back());
          blocks.pop_back();
        }
      }
    }
    return blocks;
  }
  void expect_everything_is_back() {
    EXPECT_EQ(upstream_.live_blocks(), 0u);
    EXPECT_EQ(pool_.stats().taken_slots, 0u);
    EXPECT_TRUE(has_every_slot_once(pool_));
  }

  WatchedResource upstream_;
  SlotPool pool_ = GetParam().make(&upstream_);
};

INSTANTIATE_TEST_SUITE_P(Slots, PoolResourceRelease, every_pool_shape(),
                         ::testing::PrintToStringParamName());

TEST_P(PoolResourceRelease, the_destructor_gives_all_back_with_blocks_live) {
  {
    PoolResource memory(pool_);
    EXPECT_FALSE(use(memory).empty());
  }
  expect_everything_is_back();
}

TEST_P(PoolResourceRelease, release_gives_all_back_with_blocks_live) {
  PoolResource memory(pool_);
  EXPECT_FALSE(use(memory).empty());
  memory.release();
  EXPECT_TRUE(is_quiet(memory.stats()));
  EXPECT_EQ(sum_of(memory.stats()).cached, 0u);
  expect_everything_is_back();
}

TEST_P(PoolResourceRelease, it_is_as_new_afterwards) {
  PoolResource memory(pool_);
  for (int round = 0; round < 3; ++round) {
    const std::vector<Block> blocks = use(memory);
    EXPECT_TRUE(are_apart(blocks));
    for (const Block& block : blocks) ASSERT_TRUE(block.is_whole());
    if (round == 1) {
      for (const Block& block : blocks) free_block(memory, block);
      EXPECT_TRUE(is_quiet(memory.stats()));
    }
    memory.release();
    expect_everything_is_back();
  }
}

TEST_P(PoolResourceRelease, what_other_threads_hold_and_keep_goes_back) {
  std::optional<PoolResource> memory(std::in_place, pool_);
  WaitingThread running([&] { EXPECT_FALSE(use(*memory).empty()); });
  on_a_thread_that_ends([&] { EXPECT_FALSE(use(*memory).empty()); });
  memory->release();
  EXPECT_EQ(upstream_.live_blocks(), 0u);
  EXPECT_EQ(pool_.stats().taken_slots, 0u);
  on_a_thread_that_ends([&] { EXPECT_FALSE(use(*memory).empty()); });
  memory.reset();
  running.end();  // which has free slots of the pool's in its magazine
  expect_everything_is_back();
}

TEST_P(PoolResourceRelease, a_thread_goes_on_with_the_resource_that_another_released) {
  PoolResource memory(pool_);
  on_threads(1, [&](int) {
    EXPECT_FALSE(use(memory).empty());
    on_a_thread_that_ends([&] { memory.release(); });
    const std::vector<Block> blocks = use(memory);
    EXPECT_TRUE(are_apart(blocks));
    for (const Block& block : blocks) free_block(memory, block);
  });
  EXPECT_TRUE(is_quiet(memory.stats()));
}

TEST_P(PoolResourceRelease, what_is_free_in_a_released_resource_is_not_held_by_it) {
  PoolResource memory(pool_);
  const std::vector<Block> blocks = use(memory);
  memory.release();
  for (const Block& block : blocks) EXPECT_FALSE(memory.owns(block.data));
}

TEST_P(PoolResourceRelease, the_blocks_of_others_in_the_pool_stay) {
  PoolResource other(pool_);
  const std::vector<Block> others = use(other);
  BufferPool buffers(pool_);
  write_pattern(buffers.fill(100), 9);
  auto slice = buffers.freeze();
  {
    PoolResource memory(pool_);
    EXPECT_FALSE(use(memory).empty());
    memory.release();
    EXPECT_FALSE(use(memory).empty());
  }
  EXPECT_TRUE(holds_pattern(slice, 9));
  for (const Block& block : others) {
    ASSERT_TRUE(block.is_whole());
    free_block(other, block);
  }
}

TEST_P(PoolResourceRelease, many_resources_come_and_go_on_one_pool) {
  for (int round = 0; round < 40; ++round) {
    PoolResource memory(pool_);
    std::vector<Block> blocks;
    for (std::size_t bytes = 1; bytes < 3000; bytes += 100) {
      blocks.push_back(allocate_block(memory, bytes, 1, bytes));
    }
    for (std::size_t i = 0; i < blocks.size(); i += 2) free_block(memory, blocks[i]);
  }
  expect_everything_is_back();
}

}  // namespace
}  // namespace bufferpool::test
