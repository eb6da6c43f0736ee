#include "bufferpool/chunk.hpp"

#include <cstddef>
#include <cstdint>
#include <new>
#include <thread>

#include <gtest/gtest.h>

#include "bufferpool/annotate.hpp"
#include "bufferpool/slot_pool.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::detail {
namespace {

class UpstreamChunkTest : public testing::Test {
 protected:
  test::WatchedResource upstream_;
};

TEST_F(UpstreamChunkTest, has_the_room_that_was_asked_for_behind_it) {
  UpstreamChunk* const chunk = UpstreamChunk::allocate(upstream_, 100);
  EXPECT_FALSE(chunk->is_pooled());
  EXPECT_GE(chunk->bytes, sizeof(UpstreamChunk) + 100);
  EXPECT_TRUE(upstream_.owns(chunk->data() + 99));
  EXPECT_GE(chunk->data(), reinterpret_cast<std::byte*>(chunk + 1));
  chunk->data()[0] = chunk->data()[99] = std::byte{1};
  ASSERT_TRUE(chunk->live.seal(0));
  chunk->give_back();
  EXPECT_EQ(upstream_.live_blocks(), 0U);
}

TEST_F(UpstreamChunkTest, is_given_back_by_its_last_slice) {
  UpstreamChunk* const chunk = UpstreamChunk::allocate(upstream_, 8);
  EXPECT_FALSE(chunk->live.seal(3));
  chunk->drop();
  chunk->drop();
  EXPECT_EQ(upstream_.live_blocks(), 1U);
  chunk->drop();
  EXPECT_EQ(upstream_.live_blocks(), 0U);
}

TEST_F(UpstreamChunkTest, is_not_given_back_before_it_is_sealed) {
  UpstreamChunk* const chunk = UpstreamChunk::allocate(upstream_, 8);
  chunk->drop();
  chunk->drop();
  EXPECT_EQ(upstream_.live_blocks(), 1U);
  ASSERT_TRUE(chunk->live.seal(2));
  chunk->give_back();
}

TEST_F(UpstreamChunkTest, may_be_dropped_on_another_thread) {
  UpstreamChunk* const chunk = UpstreamChunk::allocate(upstream_, 8);
  EXPECT_FALSE(chunk->live.seal(1));
  std::thread([chunk] { chunk->drop(); }).join();
  EXPECT_EQ(upstream_.live_blocks(), 0U);
}

TEST_F(UpstreamChunkTest, a_size_that_overflows_is_bad_alloc_and_does_not_reach_upstream) {
  for (const std::size_t bytes : {SIZE_MAX, SIZE_MAX - sizeof(UpstreamChunk), SIZE_MAX / 2}) {
    EXPECT_THROW(static_cast<void>(UpstreamChunk::allocate(upstream_, bytes)), std::bad_alloc);
  }
  EXPECT_EQ(upstream_.calls(), 0U);
}

TEST_F(UpstreamChunkTest, passes_the_exception_of_upstream_on) {
  upstream_.fail_at(1);
  EXPECT_THROW(static_cast<void>(UpstreamChunk::allocate(upstream_, 1)), std::bad_alloc);
}

class PooledChunkTest : public testing::Test {
 protected:
  [[nodiscard]] std::uint64_t taken() const { return pool_.stats().taken_slots; }

  SlotPool pool_{{.slot_bytes = 64, .slots = 4}};
};

TEST_F(PooledChunkTest, is_leased_started_and_given_back_by_its_last_slice) {
  Chunk* const chunk = pool_.core().try_lease(1);
  ASSERT_NE(chunk, nullptr);
  EXPECT_TRUE(chunk->is_pooled());
  EXPECT_TRUE(pool_.owns(pool_.core().data_of(*chunk)));
  EXPECT_FALSE(chunk->live.seal(1));
  EXPECT_EQ(taken(), 1U);
  chunk->drop();
  EXPECT_EQ(taken(), 0U);
}

TEST_F(PooledChunkTest, a_run_comes_back_as_a_whole_also_when_it_was_extended) {
  Chunk* const chunk = pool_.core().try_lease(2);
  ASSERT_NE(chunk, nullptr);
  EXPECT_TRUE(pool_.core().try_extend_lease(*chunk, 1));
  EXPECT_EQ(taken(), 3U);
  EXPECT_EQ(chunk->slots(), 3U);
  ASSERT_TRUE(chunk->live.seal(0));
  chunk->give_back();
  EXPECT_EQ(taken(), 0U);
}

TEST_F(PooledChunkTest, does_not_extend_into_a_taken_slot_or_beyond_the_end) {
  Chunk* const first = pool_.core().try_lease(1);
  Chunk* const second = pool_.core().try_lease(1);
  EXPECT_FALSE(pool_.core().try_extend_lease(*first, 1));
  EXPECT_FALSE(pool_.core().try_extend_lease(*second, 3));
  EXPECT_EQ(taken(), 2U);
  for (Chunk* const chunk : {first, second}) {
    ASSERT_TRUE(chunk->live.seal(0));
    chunk->give_back();
  }
}

TEST_F(PooledChunkTest, a_lease_that_does_not_fit_is_none) {
  EXPECT_EQ(pool_.core().try_lease(5), nullptr);
  EXPECT_EQ(pool_.core().try_lease(UINT64_MAX), nullptr);
  EXPECT_EQ(taken(), 0U);
}

TEST(PooledChunk, keeps_its_pool_in_being_until_its_last_slice_is_dropped) {
  test::WatchedResource region;
  Chunk* chunk = nullptr;
  {
    const SlotPool pool({.slot_bytes = 64, .slots = 4, .region = &region});
    chunk = pool.core().try_lease(1);
    std::byte* const last = pool.core().data_of(*chunk) + 63;
    annotate::unpoison(last, 1);  // as a buffer that fills it
    *last = std::byte{1};
  }
  EXPECT_FALSE(chunk->live.seal(1));
  EXPECT_EQ(region.live_blocks(), 1U);
  chunk->drop();
  EXPECT_EQ(region.live_blocks(), 0U);
}

}  // namespace
}  // namespace bufferpool::detail
