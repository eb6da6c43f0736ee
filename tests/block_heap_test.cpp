// What PoolResource and PoolAllocator share: the two halves of allocate and deallocate, and lengths.
#include "bufferpool/block_heap.hpp"

#include <cstddef>

#include <gtest/gtest.h>

#include "bufferpool/annotate.hpp"
#include "bufferpool/pool_resource.hpp"
#include "support/resource_stats.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::detail {
namespace {

using test::is_quiet;
using test::WatchedResource;

class BlockHeapTest : public ::testing::Test {
 protected:
  ~BlockHeapTest() override { EXPECT_TRUE(is_quiet(memory_.stats())); }

  static constexpr std::size_t kSlotBytes = 64 * 1024;

  WatchedResource upstream_;
  SlotPool pool_{{.slot_bytes = kSlotBytes, .slots = 200, .upstream = &upstream_}};
  PoolResource memory_{pool_};
  BlockHeap& heap_ = memory_.heap();
};

TEST_F(BlockHeapTest, the_hot_half_changes_nothing_where_it_cannot_serve) {
  EXPECT_EQ(heap_.allocate_at_once({100, 8}), nullptr) << "no thread has a magazine";
  EXPECT_EQ(pool_.stats().taken_slots, 0U);
  void* const block = heap_.allocate({100, 8});
  EXPECT_EQ(heap_.allocate_at_once({0, 8}), nullptr) << "no byte";
  EXPECT_EQ(heap_.allocate_at_once({1024 * 1024, 8}), nullptr) << "longer than every class";
  EXPECT_EQ(heap_.allocate_at_once({100, 1024 * 1024}), nullptr) << "aligned to more than a slot";
  EXPECT_EQ(memory_.stats().of(100).in_use, 1U);
  heap_.deallocate(block, {100, 8});
}

TEST_F(BlockHeapTest, the_hot_half_serves_from_the_magazine) {
  if (annotate::kHardened) GTEST_SKIP() << "a hardened build has a quarantine before the magazine";
  heap_.deallocate(heap_.allocate({100, 8}), {100, 8});  // from here on there is one
  void* const block = heap_.allocate_at_once({100, 8});
  ASSERT_NE(block, nullptr);
  ASSERT_TRUE(heap_.deallocate_at_once(block, {100, 8}));
  EXPECT_EQ(heap_.allocate_at_once({100, 8}), block) << "the last in is the first out";
  EXPECT_TRUE(heap_.deallocate_at_once(block, {100, 8}));
}

TEST_F(BlockHeapTest, every_length_that_gets_the_same_block_gives_it_back) {
  for (const std::size_t bytes : {1U, 17U, 100U, 5000U, 70'000U, 300'000U}) {
    const std::size_t most = heap_.usable_bytes({bytes, 1});
    ASSERT_GE(most, bytes);
    EXPECT_EQ(heap_.usable_bytes({most, 1}), most) << bytes;
    void* const block = heap_.allocate({bytes, 1});
    EXPECT_EQ(heap_.usable_bytes_at(block, 1), most) << bytes;
    heap_.deallocate(block, {bytes, 1});
  }
}

TEST_F(BlockHeapTest, try_allocate_is_empty_where_upstream_refuses) {
  upstream_.fail_at(1);
  EXPECT_EQ(heap_.try_allocate({201 * kSlotBytes, 8}), nullptr);
  EXPECT_EQ(upstream_.calls(), 1U);
}

TEST_F(BlockHeapTest, owns_what_it_handed_out_and_nothing_else_of_the_pool) {
  void* const others = pool_.allocate();
  void* const block = heap_.allocate({100, 8});
  EXPECT_TRUE(heap_.owns(block));
  EXPECT_FALSE(heap_.owns(others));
  EXPECT_FALSE(heap_.owns(this));
  heap_.deallocate(block, {100, 8});
  pool_.deallocate(others);
}

}  // namespace
}  // namespace bufferpool::detail
