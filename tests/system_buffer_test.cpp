// What SystemBuffer promises beyond FillBuffer: its memory is upstream's, and goes back there.
#include "bufferpool/system_buffer.hpp"

#include <cstddef>
#include <new>
#include <vector>

#include <gtest/gtest.h>

#include "support/bytes.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::test {
namespace {

class SystemBufferTest : public testing::Test {
 protected:
  WatchedResource upstream_;
  SystemBuffer buffer_{&upstream_};
};

TEST_F(SystemBufferTest, takes_no_memory_before_the_first_fill) {
  EXPECT_EQ(upstream_.calls(), 0U);
  static_cast<void>(buffer_.fill(0));
  EXPECT_EQ(upstream_.calls(), 0U);
}

TEST_F(SystemBufferTest, slices_lie_in_memory_of_its_upstream) {
  const Slice slice = frozen_text(buffer_, "heap");
  EXPECT_FALSE(slice.is_pooled());
  EXPECT_TRUE(upstream_.owns(slice.data()));
}

TEST_F(SystemBufferTest, every_slice_is_counted_as_upstreams) {
  const Slice first = frozen_text(buffer_, "one");
  const Slice second = frozen_text(buffer_, "two");
  const BufferStats stats = buffer_.stats();
  EXPECT_EQ(stats.slices, 2U);
  EXPECT_EQ(stats.upstream_slices, 2U);
  EXPECT_EQ(stats.upstream_chunks, upstream_.calls());
  EXPECT_EQ(stats.chunks, 0U);
}

TEST_F(SystemBufferTest, the_last_slice_of_a_block_gives_it_back) {
  append(buffer_, "abc");
  std::vector<Slice> slices;
  for (int i = 0; i < 3; ++i) slices.push_back(buffer_.freeze(1));
  while (!slices.empty()) {
    EXPECT_EQ(upstream_.live_blocks(), 1U);
    slices.pop_back();
  }
  EXPECT_EQ(upstream_.live_blocks(), 0U);
}

TEST_F(SystemBufferTest, holds_no_block_once_all_is_frozen_and_dropped) {
  static_cast<void>(frozen_text(buffer_, "message"));
  EXPECT_EQ(upstream_.live_blocks(), 0U);
}

TEST_F(SystemBufferTest, release_idle_gives_a_reserved_block_back) {
  buffer_.reserve(10'000);
  EXPECT_EQ(upstream_.live_blocks(), 1U);
  buffer_.release_idle();
  EXPECT_EQ(upstream_.live_blocks(), 0U);
}

TEST_F(SystemBufferTest, asks_upstream_a_logarithmic_number_of_times_while_it_grows) {
  for (std::size_t at = 0; at < 1'000'000; ++at) buffer_.fill(1)[0] = std::byte{0};
  EXPECT_LE(upstream_.calls(), 20U);
  EXPECT_EQ(upstream_.live_blocks(), 1U);
}

TEST_F(SystemBufferTest, a_refusal_changes_nothing) {
  write_pattern(buffer_.fill(64), 1);
  const std::byte* const data = buffer_.filled().data();
  upstream_.fail_at(1);
  EXPECT_THROW(static_cast<void>(buffer_.fill(1000)), std::bad_alloc);
  EXPECT_EQ(buffer_.filled().data(), data);
  EXPECT_EQ(buffer_.size(), 64U);
  EXPECT_TRUE(holds_pattern(buffer_.filled(), 1));
  EXPECT_EQ(buffer_.fill(1000).size(), 1000U);
}

TEST_F(SystemBufferTest, try_functions_return_empty_where_upstream_refuses) {
  upstream_.fail_at(1);
  EXPECT_TRUE(buffer_.try_fill(10).empty());
  upstream_.fail_at(1);
  EXPECT_TRUE(buffer_.try_prepare(10).empty());
  EXPECT_EQ(buffer_.try_fill(10).size(), 10U);
}

TEST(SystemBuffer, null_upstream_is_bad_alloc) {
  SystemBuffer buffer(std::pmr::null_memory_resource());
  EXPECT_THROW(static_cast<void>(buffer.fill(1)), std::bad_alloc);
  EXPECT_THROW(buffer.reserve(1), std::bad_alloc);
  EXPECT_TRUE(buffer.try_fill(1).empty());
  EXPECT_TRUE(buffer.empty());
}

TEST(SystemBuffer, a_moved_from_one_fills_again) {
  WatchedResource upstream;
  SystemBuffer buffer(&upstream);
  append(buffer, "first");
  SystemBuffer moved = std::move(buffer);
  append(buffer, "second");  // NOLINT(bugprone-use-after-move): what the test is about
  EXPECT_EQ(text_of(moved.filled()), "first");
  EXPECT_EQ(text_of(buffer.filled()), "second");
}

TEST(SystemBuffer, assignment_gives_the_old_block_back_to_the_old_upstream) {
  WatchedResource old_upstream;
  WatchedResource new_upstream;
  SystemBuffer buffer(&old_upstream);
  append(buffer, "unfinished");
  buffer = SystemBuffer(&new_upstream);
  EXPECT_EQ(old_upstream.live_blocks(), 0U);
  append(buffer, "next");
  EXPECT_EQ(new_upstream.live_blocks(), 1U);
}

}  // namespace
}  // namespace bufferpool::test
