#include "bufferpool/fill_cursor.hpp"

#include <cstddef>
#include <cstdint>
#include <new>

#include <gtest/gtest.h>

#include "bufferpool/annotate.hpp"
#include "support/bytes.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::detail {
namespace {

class FillCursorTest : public testing::Test {
 protected:
  ~FillCursorTest() override { cursor_.leave(stats_); }

  /// Fills `bytes` that are there.
  void fill(std::size_t bytes, std::uint64_t stamp) {
    ASSERT_LE(bytes, cursor_.room());
    annotate::unpoison(cursor_.end, bytes);
    test::write_pattern({cursor_.end, bytes}, stamp, cursor_.size());
    cursor_.end += bytes;
  }
  [[nodiscard]] bool filled_with(std::uint64_t stamp) const {
    return test::holds_pattern(std::span(cursor_.begin, cursor_.size()), stamp);
  }

  test::WatchedResource upstream_;
  BufferStats stats_;
  FillCursor cursor_;
};

TEST_F(FillCursorTest, starts_without_a_chunk) {
  EXPECT_EQ(cursor_.size(), 0U);
  EXPECT_EQ(cursor_.room(), 0U);
  EXPECT_EQ(cursor_.chunk, nullptr);
}

TEST_F(FillCursorTest, nothing_but_zero_bytes_fits_without_a_chunk) {
  EXPECT_TRUE(cursor_.fits(0));
  EXPECT_FALSE(cursor_.fits(1));
  EXPECT_FALSE(cursor_.fits(SIZE_MAX));
}

TEST_F(FillCursorTest, as_much_fits_as_there_is_room_also_where_the_sum_would_wrap) {
  cursor_.move_upstream(upstream_, 100, stats_);
  const auto end = reinterpret_cast<std::uintptr_t>(cursor_.end);
  EXPECT_TRUE(cursor_.fits(cursor_.room()));
  EXPECT_FALSE(cursor_.fits(cursor_.room() + 1));
  EXPECT_FALSE(cursor_.fits(PTRDIFF_MAX));
  EXPECT_FALSE(cursor_.fits(SIZE_MAX - end + 1));  // end + bytes would be 0
  EXPECT_FALSE(cursor_.fits(SIZE_MAX));
}

TEST_F(FillCursorTest, leave_without_a_chunk_changes_nothing) {
  cursor_.leave(stats_);
  EXPECT_EQ(stats_.slices, 0U);
}

TEST_F(FillCursorTest, moves_upstream_into_a_chunk_with_room) {
  cursor_.move_upstream(upstream_, 100, stats_);
  EXPECT_EQ(cursor_.size(), 0U);
  EXPECT_GE(cursor_.room(), 100U);
  EXPECT_TRUE(cursor_.is_left_when_idle());
  EXPECT_EQ(stats_.upstream_chunks, 1U);
}

TEST_F(FillCursorTest, moving_upstream_keeps_the_bytes_and_doubles_at_least) {
  cursor_.move_upstream(upstream_, 1000, stats_);
  fill(cursor_.room(), 1);
  const std::size_t before = cursor_.size();
  cursor_.move_upstream(upstream_, 1, stats_);
  EXPECT_EQ(cursor_.size(), before);
  EXPECT_GE(cursor_.room(), before);
  EXPECT_TRUE(filled_with(1));
  EXPECT_EQ(stats_.bytes_moved, before);
  EXPECT_EQ(upstream_.live_blocks(), 1U);
}

TEST_F(FillCursorTest, a_refused_move_upstream_changes_nothing) {
  cursor_.move_upstream(upstream_, 100, stats_);
  fill(50, 2);
  const FillCursor before = cursor_;
  upstream_.fail_at(1);
  EXPECT_THROW(cursor_.move_upstream(upstream_, 1000, stats_), std::bad_alloc);
  EXPECT_THROW(cursor_.move_upstream(upstream_, SIZE_MAX, stats_), std::bad_alloc);
  EXPECT_EQ(cursor_.begin, before.begin);
  EXPECT_EQ(cursor_.end, before.end);
  EXPECT_EQ(cursor_.limit, before.limit);
  EXPECT_EQ(cursor_.chunk, before.chunk);
  EXPECT_TRUE(filled_with(2));
  EXPECT_EQ(stats_.upstream_chunks, 1U);
  EXPECT_EQ(stats_.bytes_moved, 0U);
}

TEST_F(FillCursorTest, move_to_leaves_the_old_chunk_to_its_slices) {
  cursor_.move_upstream(upstream_, 100, stats_);
  fill(20, 3);
  Chunk* const old = cursor_.chunk;
  cursor_.begin += 8;  // one slice of 8 bytes is out
  cursor_.issued = 1;
  cursor_.move_upstream(upstream_, 200, stats_);
  EXPECT_EQ(upstream_.live_blocks(), 2U);
  EXPECT_EQ(cursor_.issued, 0U);
  EXPECT_TRUE(test::holds_pattern(std::span(cursor_.begin, 12), 3, 8));
  EXPECT_EQ(stats_.slices, 1U);
  EXPECT_EQ(stats_.upstream_slices, 1U);
  old->drop();
  EXPECT_EQ(upstream_.live_blocks(), 1U);
}

TEST_F(FillCursorTest, move_to_forgets_what_was_prepared) {
  cursor_.move_upstream(upstream_, 100, stats_);
  cursor_.prepared_at = cursor_.end;
  cursor_.prepared_bytes = 50;
  cursor_.move_upstream(upstream_, 1000, stats_);
  EXPECT_EQ(cursor_.open(), 0U);
}

TEST_F(FillCursorTest, moving_to_the_start_keeps_overlapping_bytes) {
  cursor_.move_upstream(upstream_, 100, stats_);
  std::byte* const start = cursor_.begin;
  fill(90, 4);
  cursor_.begin += 10;
  cursor_.prepared_at = cursor_.end;
  cursor_.prepared_bytes = 5;
  cursor_.move_to_start(start, stats_);
  EXPECT_EQ(cursor_.begin, start);
  EXPECT_EQ(cursor_.size(), 80U);
  EXPECT_TRUE(test::holds_pattern(std::span(cursor_.begin, 80), 4, 10));
  EXPECT_EQ(stats_.bytes_moved, 80U);
  EXPECT_EQ(cursor_.open(), 0U);
}

TEST_F(FillCursorTest, leave_gives_a_chunk_without_slices_back) {
  cursor_.move_upstream(upstream_, 100, stats_);
  fill(10, 5);
  cursor_.leave(stats_);
  EXPECT_EQ(upstream_.live_blocks(), 0U);
  EXPECT_EQ(cursor_.size(), 0U);
  EXPECT_EQ(cursor_.room(), 0U);
  EXPECT_EQ(cursor_.chunk, nullptr);
}

TEST_F(FillCursorTest, a_pause_in_upstream_memory_leaves_it) {
  cursor_.move_upstream(upstream_, 100, stats_);
  EXPECT_TRUE(cursor_.is_time_to_pause());
  cursor_.pause(stats_);
  EXPECT_EQ(upstream_.live_blocks(), 0U);
  EXPECT_EQ(cursor_.chunk, nullptr);
}

TEST_F(FillCursorTest, a_pause_elsewhere_hides_the_room) {
  cursor_.move_upstream(upstream_, 4 * FillCursor::kFilledUntilPause, stats_);
  cursor_.put_off_pause();
  EXPECT_FALSE(cursor_.is_time_to_pause());
  fill(FillCursor::kFilledUntilPause, 6);
  cursor_.begin = cursor_.end;
  EXPECT_TRUE(cursor_.is_time_to_pause());
  cursor_.pause(stats_);
  EXPECT_EQ(cursor_.room(), 0U);
  EXPECT_NE(cursor_.chunk, nullptr);
}

}  // namespace
}  // namespace bufferpool::detail
