// What a resource is made from, and what it says it is.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <memory_resource>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/pool_resource.hpp"
#include "support/blocks.hpp"
#include "support/resource_stats.hpp"
#include "support/slots.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::test {
namespace {

class PoolResourceOptionsTest : public ::testing::Test {
 protected:
  WatchedResource upstream_;
  SlotPool pool_{{.slots = 128, .upstream = &upstream_}};
};

TEST_F(PoolResourceOptionsTest, says_what_it_was_made_from) {
  const PoolResource usual(pool_);
  EXPECT_EQ(usual.options().most_pooled_bytes, std::size_t{PTRDIFF_MAX});
  EXPECT_EQ(usual.options().precommit_slots, 0u);
  EXPECT_EQ(usual.upstream_resource(), &upstream_);
  EXPECT_EQ(usual.pool(), pool_);
  const PoolResource other(pool_, {.most_pooled_bytes = 1000, .precommit_slots = 2});
  EXPECT_EQ(other.options().most_pooled_bytes, 1000u);
  EXPECT_EQ(other.options().precommit_slots, 2u);
}

TEST_F(PoolResourceOptionsTest, equality_is_identity) {
  PoolResource one(pool_);
  PoolResource other(pool_);
  EXPECT_TRUE(one.is_equal(one));
  EXPECT_FALSE(one.is_equal(other));
  EXPECT_FALSE(one.is_equal(*std::pmr::new_delete_resource()));
}

TEST_F(PoolResourceOptionsTest, construction_takes_nothing) {
  const PoolResource memory(pool_);
  EXPECT_EQ(upstream_.calls(), 0u);
  EXPECT_EQ(pool_.stats().taken_slots, 0u);
  EXPECT_EQ(pool_.stats().peak_slots, 0u);
  EXPECT_TRUE(is_quiet(memory.stats()));
}

TEST_F(PoolResourceOptionsTest, blocks_longer_than_the_most_pooled_come_from_upstream) {
  for (const std::size_t most : {0u, 1u, 16u, 1000u, 1024u, 4096u, 65'000u, 65'536u, 600'000u}) {
    PoolResource memory(pool_, {.most_pooled_bytes = most});
    for (const std::size_t bytes : {most / 2 + 1, most - 1, most, most + most / 4 + 17}) {
      if (bytes > SIZE_MAX / 2 || bytes == 0 || (bytes == 1 && most == 0)) continue;
      const Block block = allocate_block(memory, bytes, 1, 1);
      EXPECT_EQ(pool_.owns(block.data), bytes <= most) << bytes << ", at most " << most;
      free_block(memory, block);
    }
  }
}

TEST_F(PoolResourceOptionsTest, blocks_up_to_the_most_pooled_take_no_more_than_a_quarter_above) {
  for (const std::size_t most : {100u, 1000u, 5000u, 33'000u}) {
    PoolResource memory(pool_, {.most_pooled_bytes = most});
    const Block block = allocate_block(memory, most, 1, 1);
    const BlockStats all = sum_of(memory.stats());
    EXPECT_LE(static_cast<double>(all.handed_out_bytes), 1.25 * static_cast<double>(most)) << most;
    free_block(memory, block);
  }
}

TEST_F(PoolResourceOptionsTest, slots_that_are_not_aligned_to_16_are_refused) {
  EXPECT_THROW(PoolResource(SlotPool({.slot_bytes = 100, .slots = 10})), std::invalid_argument);
  EXPECT_THROW(PoolResource(SlotPool({.slot_bytes = 64, .slots = 10, .alignment = 8})),
               std::invalid_argument);
}

/// How many pages of [begin, begin + bytes) the system has committed.
std::size_t committed_pages(void* begin, std::size_t bytes) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> pages(bytes / page);
  EXPECT_EQ(::mincore(begin, bytes, pages.data()), 0);
  std::size_t committed = 0;
  for (const unsigned char of_page : pages) committed += of_page & 1;
  return committed;
}

TEST_F(PoolResourceOptionsTest, precommitted_slots_serve_the_first_requests_from_memory_in_place) {
  PoolResource memory(pool_, {.precommit_slots = 100});
  EXPECT_EQ(pool_.stats().taken_slots, 0u);
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::vector<void*> blocks;
  for (int i = 0; i < 90; ++i) blocks.push_back(memory.allocate(64 * 1024, page));
  for (void* const block : blocks) {
    EXPECT_EQ(committed_pages(block, 64 * 1024), 64 * 1024 / page);
    memory.deallocate(block, 64 * 1024, page);
  }
}

TEST_F(PoolResourceOptionsTest, more_slots_than_are_free_are_not_precommitted) {
  const std::vector<void*> taken = take_all(pool_);
  std::vector<Block> stamped;
  for (void* const slot : taken) {
    stamped.push_back({static_cast<std::byte*>(slot), pool_.slot_bytes(), 1, 7});
    write_pattern(stamped.back().span(), 7);
  }
  const PoolResource none_free(pool_, {.precommit_slots = 1000});
  for (std::size_t i = 0; i < taken.size(); i += 2) pool_.deallocate(taken[i]);
  const PoolResource no_run_free(pool_, {.precommit_slots = UINT64_MAX});
  for (std::size_t i = 1; i < taken.size(); i += 2) {
    EXPECT_TRUE(stamped[i].is_whole());
    pool_.deallocate(taken[i]);
  }
  EXPECT_TRUE(has_every_slot_once(pool_));
}

TEST_F(PoolResourceOptionsTest, a_pool_in_storage_of_the_caller_serves_it) {
  std::vector<std::byte> storage(3 * 1024 * 1024);
  SlotPool pool({.slot_bytes = 16 * 1024, .upstream = std::pmr::null_memory_resource()}, storage);
  PoolResource memory(pool);
  std::vector<Block> blocks;
  for (std::size_t bytes = 1; bytes < 40'000; bytes += bytes / 8 + 1) {
    blocks.push_back(allocate_block(memory, bytes, 8, bytes));
    ASSERT_GE(blocks.back().data, storage.data());
    ASSERT_LE(blocks.back().data + bytes, storage.data() + storage.size());
  }
  EXPECT_TRUE(are_apart(blocks));
  for (const Block& block : blocks) {
    EXPECT_TRUE(block.is_whole());
    free_block(memory, block);
  }
}

TEST_F(PoolResourceOptionsTest, keeps_its_pool_in_being) {
  WatchedResource region;
  {
    PoolResource memory(SlotPool({.slot_bytes = 4096, .slots = 10, .region = &region}));
    EXPECT_EQ(region.live_blocks(), 1u);
    free_block(memory, allocate_block(memory, 100, 1, 1));
  }
  EXPECT_EQ(region.live_blocks(), 0u);
}

}  // namespace
}  // namespace bufferpool::test
