#include "bufferpool/pool_resource.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory_resource>
#include <new>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/blocks.hpp"
#include "support/pool_shapes.hpp"
#include "support/resource_stats.hpp"
#include "support/sanitizers.hpp"
#include "support/seed.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::test {
namespace {

class PoolResourceTest : public ::testing::TestWithParam<PoolShape> {
 protected:
  WatchedResource upstream_;
  SlotPool pool_ = GetParam().make(&upstream_);
  PoolResource memory_{pool_};
};

INSTANTIATE_TEST_SUITE_P(Slots, PoolResourceTest, every_pool_shape(),
                         ::testing::PrintToStringParamName());

TEST_P(PoolResourceTest, any_size_is_served_apart_from_all_others) {
  std::vector<Block> blocks;
  const auto add = [&](std::size_t bytes) {
    blocks.push_back(allocate_block(memory_, bytes, 1, blocks.size()));
  };
  for (std::size_t bytes = 0; bytes <= 1100; ++bytes) add(bytes);
  for (std::size_t bytes = 1024; bytes <= 1024 * 1024; bytes += bytes / 4) {
    for (const std::size_t near : {bytes - 1, bytes, bytes + 1}) add(near);
  }
  EXPECT_TRUE(are_apart(blocks));
  for (const Block& block : blocks) {
    ASSERT_TRUE(block.is_whole()) << block.bytes;
    free_block(memory_, block);
  }
  EXPECT_TRUE(is_quiet(memory_.stats()));
  EXPECT_EQ(upstream_.live_blocks(), 0u);
}

TEST_P(PoolResourceTest, any_alignment_is_served_with_any_size) {
  std::vector<Block> blocks;
  for (std::size_t alignment = 1; alignment <= 1024 * 1024; alignment *= 2) {
    for (const std::size_t bytes :
         {0u, 1u, 7u, 24u, 33u, 100u, 4096u, 4097u, 40'000u, 65'536u, 200'001u}) {
      blocks.push_back(allocate_block(memory_, bytes, alignment, blocks.size()));
      ASSERT_TRUE(blocks.back().is_aligned()) << bytes << ", " << alignment;
    }
  }
  EXPECT_TRUE(are_apart(blocks));
  for (const Block& block : blocks) {
    ASSERT_TRUE(block.is_whole()) << block.bytes << ", " << block.alignment;
    free_block(memory_, block);
  }
  EXPECT_TRUE(is_quiet(memory_.stats()));
}

TEST_P(PoolResourceTest, random_requests_find_their_bytes_unchanged) {
  for (const std::uint64_t seed : seeds(kEveryStepIsSlow ? 1 : 3)) {
    SCOPED_TRACE(say(seed));
    std::mt19937_64 random(seed);
    std::vector<Block> blocks;
    for (std::uint64_t step = 0; step < 3000; ++step) {
      if (blocks.size() < 200 && random() % 5 < 3) {
        const std::size_t bytes = random() % (std::size_t{2} << (random() % 19));
        const std::size_t alignment = std::size_t{1} << (random() % 8 == 0 ? random() % 18 : 4);
        blocks.push_back(allocate_block(memory_, bytes, alignment, step));
        ASSERT_TRUE(blocks.back().is_aligned());
      } else if (!blocks.empty()) {
        std::swap(blocks[random() % blocks.size()], blocks.back());
        ASSERT_TRUE(blocks.back().is_whole()) << "step " << step;
        free_block(memory_, blocks.back());
        blocks.pop_back();
      }
      if (step % 256 == 0) {
        ASSERT_TRUE(are_apart(blocks));
      }
    }
    for (const Block& block : blocks) {
      ASSERT_TRUE(block.is_whole());
      free_block(memory_, block);
    }
    EXPECT_TRUE(is_quiet(memory_.stats()));
  }
}

TEST_P(PoolResourceTest, zero_bytes_give_a_pointer_of_their_own) {
  std::vector<Block> blocks;
  for (std::size_t alignment = 1; alignment <= 8192; alignment *= 2) {
    for (int i = 0; i < 3; ++i) blocks.push_back(allocate_block(memory_, 0, alignment, 0));
  }
  EXPECT_TRUE(are_apart(blocks));
  for (const Block& block : blocks) {
    EXPECT_NE(block.data, nullptr);
    free_block(memory_, block);
  }
  EXPECT_TRUE(is_quiet(memory_.stats()));
}

TEST_P(PoolResourceTest, a_request_that_overflows_is_refused_with_nothing_changed) {
  SlotPool pool = GetParam().make(std::pmr::null_memory_resource());
  PoolResource memory(pool);
  const auto before = what_is_held(memory.stats());
  const std::uint64_t taken = pool.stats().taken_slots;
  for (std::size_t alignment = 1; alignment != 0; alignment *= 2) {
    for (const std::size_t bytes :
         {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 15, SIZE_MAX - 4095, SIZE_MAX - 65535, SIZE_MAX / 2,
          SIZE_MAX / 2 + 1, SIZE_MAX / 2 + 2, SIZE_MAX - alignment, SIZE_MAX - alignment + 1,
          SIZE_MAX - alignment + 2}) {
      if (bytes < SIZE_MAX / 4) continue;  // it overflowed here
      EXPECT_THROW(static_cast<void>(memory.allocate(bytes, alignment)), std::bad_alloc)
          << bytes << ", " << alignment;
    }
  }
  EXPECT_EQ(what_is_held(memory.stats()), before);
  EXPECT_EQ(pool.stats().taken_slots, taken);
}

TEST_P(PoolResourceTest, an_alignment_that_is_no_power_of_two_is_invalid) {
  const auto before = what_is_held(memory_.stats());
  for (const std::size_t alignment :
       {std::size_t{0}, std::size_t{3}, std::size_t{12}, std::size_t{24}, SIZE_MAX}) {
    for (const std::size_t bytes : {0u, 1u, 12u, 24u, 1000u, 1'000'000u}) {
      EXPECT_THROW(static_cast<void>(memory_.allocate(bytes, alignment)), std::invalid_argument)
          << bytes << ", " << alignment;
    }
  }
  EXPECT_EQ(what_is_held(memory_.stats()), before);
}

TEST_P(PoolResourceTest, owns_every_byte_of_its_blocks_in_the_pool) {
  for (const std::size_t bytes : {1u, 64u, 1000u, 65'536u, 300'000u, 900'000u}) {
    const Block block = allocate_block(memory_, bytes, 1, 1);
    const bool pooled = pool_.owns(block.data);
    for (std::size_t at = 0; at < bytes; at += 1 + bytes / 100) {
      ASSERT_EQ(memory_.owns(block.data + at), pooled) << at << " of " << bytes;
    }
    EXPECT_EQ(memory_.owns(block.data + bytes - 1), pooled);
    EXPECT_EQ(upstream_.owns(block.data), !pooled);
    free_block(memory_, block);
  }
}

TEST_P(PoolResourceTest, owns_nothing_else) {
  const int local = 0;
  EXPECT_FALSE(memory_.owns(&local));
  EXPECT_FALSE(memory_.owns(nullptr));
  void* const slot = pool_.allocate();
  EXPECT_FALSE(memory_.owns(slot));
  pool_.deallocate(slot);
  PoolResource other(pool_);
  const Block others = allocate_block(other, 100, 1, 1);
  EXPECT_FALSE(memory_.owns(others.data));
  const std::size_t run_bytes = 5 * pool_.slot_bytes();  // not kept in a magazine
  void* const run = memory_.allocate(run_bytes);
  memory_.deallocate(run, run_bytes);
  EXPECT_FALSE(memory_.owns(run)) << "it was given back";
}

TEST_P(PoolResourceTest, containers_of_the_standard_work_in_it) {
  std::pmr::map<int, std::pmr::string> texts(&memory_);
  std::pmr::vector<std::pmr::vector<int>> numbers(&memory_);
  for (int i = 0; i < 300; ++i) {
    texts[i] = std::string(static_cast<std::size_t>(i), 'x');
    numbers.emplace_back(static_cast<std::size_t>(i), i);
  }
  for (int i = 0; i < 300; i += 2) texts.erase(i);
  for (int i = 1; i < 300; i += 2) {
    EXPECT_EQ(texts.at(i), std::pmr::string(static_cast<std::size_t>(i), 'x'));
    EXPECT_EQ(numbers[static_cast<std::size_t>(i)],
              std::pmr::vector<int>(static_cast<std::size_t>(i), i));
  }
}

TEST_P(PoolResourceTest, two_on_one_pool_serve_side_by_side) {
  PoolResource other(pool_);
  std::vector<Block> blocks;
  for (std::size_t bytes = 1; bytes < 3000; bytes += 7) {
    blocks.push_back(allocate_block(memory_, bytes, 1, bytes));
    blocks.push_back(allocate_block(other, bytes, 1, bytes + 1));
  }
  EXPECT_TRUE(are_apart(blocks));
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    ASSERT_TRUE(blocks[i].is_whole());
    free_block(i % 2 == 0 ? memory_ : other, blocks[i]);
  }
}

}  // namespace
}  // namespace bufferpool::test
