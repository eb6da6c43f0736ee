// Exhaustion: upstream serves what the pool cannot, or refuses, and nothing is lost.
#include <cstddef>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/buffer_pool.hpp"
#include "support/bytes.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::test {
namespace {

class BufferUpstreamTest : public testing::Test {
 protected:
  /// Slices that hold every slot of the pool.
  std::vector<Slice> exhaust() {
    std::vector<Slice> held;
    BufferPool greedy(pool_);
    for (std::uint64_t i = 0; i < pool_.slots(); ++i) held.push_back(frozen_pattern(greedy, 64, i));
    return held;
  }

  WatchedResource upstream_;
  SlotPool pool_{{.slot_bytes = 64, .slots = 4, .upstream = &upstream_}};
  BufferPool buffer_{pool_};
};

/// The same with nothing behind the pool.
class BufferWithoutUpstreamTest : public testing::Test {
 protected:
  SlotPool pool_{{.slot_bytes = 64, .slots = 4, .upstream = std::pmr::null_memory_resource()}};
  BufferPool buffer_{pool_};
};

TEST_F(BufferUpstreamTest, is_not_asked_while_there_is_a_slot) {
  const std::vector<Slice> held = exhaust();
  EXPECT_EQ(upstream_.calls(), 0U);
  for (const Slice& slice : held) EXPECT_TRUE(slice.is_pooled());
}

TEST_F(BufferUpstreamTest, serves_when_every_slot_is_taken) {
  const std::vector<Slice> held = exhaust();
  const Slice slice = frozen_text(buffer_, "from upstream");
  EXPECT_EQ(text_of(slice), "from upstream");
  EXPECT_FALSE(slice.is_pooled());
  EXPECT_TRUE(upstream_.owns(slice.data()));
}

TEST_F(BufferUpstreamTest, its_slices_and_blocks_count_in_the_stats) {
  const std::vector<Slice> held = exhaust();
  const Slice first = frozen_text(buffer_, "one");
  append(buffer_, "two and three");
  const Slice second = buffer_.freeze(3);
  const BufferStats stats = buffer_.stats();
  EXPECT_EQ(stats.slices, 2U);
  EXPECT_EQ(stats.upstream_slices, 2U);
  EXPECT_EQ(stats.upstream_chunks, upstream_.calls());
  EXPECT_EQ(pool_.stats().served_by_upstream, upstream_.calls());
  EXPECT_EQ(pool_.stats().refused, 0U);
  EXPECT_EQ(pool_.stats().taken_slots, 4U);
}

TEST_F(BufferUpstreamTest, what_is_being_filled_moves_there_when_the_pool_is_full) {
  append(buffer_, "begun in the pool");
  const auto begun = buffer_.filled().size();
  std::vector<Slice> held;
  BufferPool greedy(pool_);
  for (std::uint64_t i = 0; i < 3; ++i) held.push_back(frozen_pattern(greedy, 64, i));
  append(buffer_, std::string(100, '.'));
  EXPECT_EQ(text_of(buffer_.filled()).substr(0, begun), "begun in the pool");
  EXPECT_EQ(buffer_.stats().bytes_moved, begun);
  const Slice slice = buffer_.freeze();
  EXPECT_FALSE(slice.is_pooled());
  EXPECT_EQ(pool_.stats().taken_slots, 3U);  // the slot that it left is free
}

TEST_F(BufferUpstreamTest, a_message_has_a_kibibyte_of_it_before_it_moves) {
  SlotPool none({.slot_bytes = 4096, .slots = 0, .upstream = &upstream_});
  BufferPool buffer(none);
  for (int piece = 0; piece < 10; ++piece) append(buffer, std::string(100, 'x'));
  EXPECT_EQ(buffer.stats().upstream_chunks, 1U);
  append(buffer, std::string(100, 'x'));
  EXPECT_EQ(buffer.stats().upstream_chunks, 2U);
  EXPECT_EQ(buffer.stats().bytes_moved, 1000U);
  EXPECT_EQ(text_of(buffer.freeze()), std::string(1100, 'x'));
}

TEST_F(BufferUpstreamTest, a_message_longer_than_the_pool_is_upstreams) {
  const Slice slice = frozen_pattern(buffer_, 1000, 1);
  EXPECT_FALSE(slice.is_pooled());
  EXPECT_TRUE(holds_pattern(slice, 1));
}

TEST_F(BufferUpstreamTest, the_next_message_is_the_pools_again_once_there_is_a_slot) {
  std::vector<Slice> held = exhaust();
  const Slice outside = frozen_text(buffer_, "outside");
  held.pop_back();
  const Slice inside = frozen_text(buffer_, "inside");
  EXPECT_FALSE(outside.is_pooled());
  EXPECT_TRUE(inside.is_pooled());
}

TEST_F(BufferUpstreamTest, gets_everything_back_whatever_was_dropped_first) {
  std::vector<Slice> held = exhaust();
  std::vector<Slice> outside;
  for (std::size_t i = 0; i < 10; ++i) outside.push_back(frozen_pattern(buffer_, 10 + i, i));
  while (!outside.empty()) {
    EXPECT_TRUE(holds_pattern(outside.front(), 10 - outside.size()));
    outside.erase(outside.begin());
  }
  EXPECT_EQ(upstream_.live_blocks(), 0U);
}

TEST_F(BufferUpstreamTest, its_slices_may_be_dropped_on_another_thread_after_the_pool) {
  WatchedResource upstream;
  std::vector<Slice> slices;
  {
    BufferPool gone(0, &upstream);
    for (std::size_t i = 0; i < 10; ++i) slices.push_back(frozen_pattern(gone, 100, i));
  }
  EXPECT_EQ(upstream.live_blocks(), 10U);
  std::thread([mine = std::move(slices)]() mutable {
    for (std::size_t i = 0; i < mine.size(); ++i) EXPECT_TRUE(holds_pattern(mine[i], i));
    mine.clear();
  }).join();
  EXPECT_EQ(upstream.live_blocks(), 0U);
}

TEST_F(BufferUpstreamTest, its_slices_split_and_share_as_pooled_ones) {
  const std::vector<Slice> held = exhaust();
  Slice slice = frozen_text(buffer_, "headbody");
  {
    const SharedSlice head = slice.split(4).share();
    const SharedSlice copy = head;  // NOLINT(performance-unnecessary-copy-initialization)
    EXPECT_EQ(text_of(copy), "head");
    EXPECT_EQ(text_of(slice), "body");
  }
  EXPECT_EQ(upstream_.live_blocks(), 1U);
  slice = {};
  EXPECT_EQ(upstream_.live_blocks(), 0U);
}

TEST_F(BufferUpstreamTest, capacity_0_sends_everything_upstream) {
  WatchedResource upstream;
  BufferPool none(0, &upstream);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(frozen_text(none, "x").is_pooled());
  EXPECT_EQ(upstream.calls(), 3U);
  EXPECT_TRUE(none.try_fill(1).empty());
}

TEST_F(BufferUpstreamTest, try_functions_never_ask_it) {
  const std::vector<Slice> held = exhaust();
  EXPECT_TRUE(buffer_.try_fill(1).empty());
  EXPECT_TRUE(buffer_.try_prepare(1).empty());
  EXPECT_TRUE(buffer_.try_fill(100'000).empty());
  EXPECT_EQ(upstream_.calls(), 0U);
  EXPECT_EQ(pool_.stats().refused, 3U);
}

TEST_F(BufferUpstreamTest, an_exception_counts_as_refused_and_the_retry_as_served) {
  const std::vector<Slice> held = exhaust();
  upstream_.fail_at(1);
  EXPECT_THROW(static_cast<void>(buffer_.fill(1)), std::bad_alloc);
  EXPECT_EQ(pool_.stats().refused, 1U);
  EXPECT_EQ(pool_.stats().served_by_upstream, 0U);
  static_cast<void>(buffer_.fill(1));
  EXPECT_EQ(pool_.stats().refused, 1U);
  EXPECT_EQ(pool_.stats().served_by_upstream, 1U);
}

TEST_F(BufferWithoutUpstreamTest, bad_alloc_leaves_every_byte_filled_so_far) {
  write_pattern(buffer_.fill(200), 1);
  const std::byte* const data = buffer_.filled().data();
  EXPECT_THROW(static_cast<void>(buffer_.fill(57)), std::bad_alloc);
  EXPECT_THROW(static_cast<void>(buffer_.prepare(57)), std::bad_alloc);
  EXPECT_THROW(buffer_.reserve(257), std::bad_alloc);
  EXPECT_EQ(buffer_.filled().data(), data);
  EXPECT_EQ(buffer_.size(), 200U);
  EXPECT_TRUE(holds_pattern(buffer_.filled(), 1));
  EXPECT_EQ(buffer_.fill(56).data(), data + 200);
}

TEST_F(BufferWithoutUpstreamTest, bad_alloc_leaves_what_was_prepared) {
  const std::span<std::byte> space = buffer_.prepare(40);
  EXPECT_THROW(static_cast<void>(buffer_.prepare(1000)), std::bad_alloc);
  EXPECT_TRUE(buffer_.try_prepare(1000).empty());
  write_pattern(space, 2);
  buffer_.commit(40);
  EXPECT_TRUE(holds_pattern(buffer_.freeze(), 2));
}

TEST_F(BufferWithoutUpstreamTest, recovers_when_a_slice_is_dropped) {
  std::vector<Slice> slices;
  for (std::size_t i = 0; i < 4; ++i) slices.push_back(frozen_pattern(buffer_, 64, i));
  EXPECT_THROW(static_cast<void>(buffer_.fill(1)), std::bad_alloc);
  EXPECT_TRUE(buffer_.try_fill(1).empty());
  slices[1] = {};
  EXPECT_EQ(buffer_.try_fill(64).size(), 64U);
  EXPECT_THROW(static_cast<void>(buffer_.fill(1)), std::bad_alloc);
  for (const std::size_t i : {0U, 2U, 3U}) EXPECT_TRUE(holds_pattern(slices[i], i));
}

}  // namespace
}  // namespace bufferpool::test
