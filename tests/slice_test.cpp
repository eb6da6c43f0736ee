#include "bufferpool/slice.hpp"

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/buffer_pool.hpp"
#include "support/bytes.hpp"

namespace bufferpool::test {
namespace {

class SliceTest : public testing::Test {
 protected:
  SlotPool pool_{{.slot_bytes = 64, .slots = 8}};
  BufferPool buffer_{pool_};
  Slice slice_ = frozen_text(buffer_, "hello world");
};

TEST(Slice, is_at_most_32_bytes) { EXPECT_LE(sizeof(Slice), 32U); }

TEST(Slice, moves_without_throwing_and_does_not_copy) {
  EXPECT_TRUE(std::is_nothrow_move_constructible_v<Slice>);
  EXPECT_TRUE(std::is_nothrow_move_assignable_v<Slice>);
  EXPECT_FALSE(std::is_copy_constructible_v<Slice>);
  EXPECT_FALSE(std::is_copy_assignable_v<Slice>);
}

TEST(Slice, a_default_one_is_empty) {
  const Slice slice;
  EXPECT_EQ(slice.data(), nullptr);
  EXPECT_EQ(slice.size(), 0U);
  EXPECT_TRUE(slice.empty());
  EXPECT_FALSE(slice.is_pooled());
  EXPECT_EQ(slice.begin(), slice.end());
  EXPECT_EQ(std::string_view(slice), "");
}

TEST_F(SliceTest, shows_its_bytes) {
  EXPECT_EQ(text_of(slice_), "hello world");
  EXPECT_EQ(slice_.size(), 11U);
  EXPECT_FALSE(slice_.empty());
}

TEST_F(SliceTest, indexes_the_bytes_that_it_iterates_over) {
  std::size_t at = 0;
  for (const std::byte& byte : slice_) EXPECT_EQ(&byte, &slice_[at++]);
  EXPECT_EQ(at, slice_.size());
}

TEST_F(SliceTest, converts_to_spans_and_to_string_view) {
  const std::span<std::byte> writable = slice_;
  const std::span<const std::byte> readable = std::as_const(slice_);
  const std::string_view text = slice_;
  EXPECT_EQ(writable.data(), slice_.data());
  EXPECT_EQ(writable.size(), slice_.size());
  EXPECT_EQ(readable.data(), slice_.data());
  EXPECT_EQ(readable.size(), slice_.size());
  EXPECT_EQ(text, "hello world");
}

TEST_F(SliceTest, is_writable_in_place) {
  slice_[0] = std::byte{'J'};
  *(slice_.end() - 1) = std::byte{'!'};
  const std::span<std::byte> bytes = slice_;
  bytes[5] = std::byte{'-'};
  EXPECT_EQ(text_of(slice_), "Jello-worl!");
}

TEST_F(SliceTest, a_moved_from_one_is_empty_and_may_be_assigned) {
  Slice other = std::move(slice_);
  EXPECT_TRUE(slice_.empty());  // NOLINT(bugprone-use-after-move): what the test is about
  EXPECT_EQ(slice_.data(), nullptr);
  EXPECT_FALSE(slice_.is_pooled());
  slice_ = std::move(other);
  EXPECT_EQ(text_of(slice_), "hello world");
}

TEST_F(SliceTest, assignment_drops_what_was_held) {
  buffer_.release_idle();
  Slice other = frozen_text(buffer_, "other");
  buffer_.release_idle();
  EXPECT_EQ(pool_.stats().taken_slots, 2U);
  slice_ = std::move(other);
  EXPECT_EQ(pool_.stats().taken_slots, 1U);
  EXPECT_EQ(text_of(slice_), "other");
}

TEST_F(SliceTest, assignment_to_itself_changes_nothing) {
  Slice& same = slice_;
  slice_ = std::move(same);
  EXPECT_EQ(text_of(slice_), "hello world");
  EXPECT_EQ(pool_.stats().taken_slots, 1U);
}

TEST_F(SliceTest, swap_exchanges_the_bytes) {
  Slice other = frozen_text(buffer_, "other");
  slice_.swap(other);
  EXPECT_EQ(text_of(slice_), "other");
  EXPECT_EQ(text_of(other), "hello world");
}

TEST_F(SliceTest, remove_prefix_hides_the_first_bytes) {
  slice_.remove_prefix(6);
  EXPECT_EQ(text_of(slice_), "world");
  slice_.remove_prefix(0);
  EXPECT_EQ(text_of(slice_), "world");
}

TEST_F(SliceTest, remove_suffix_hides_the_last_bytes) {
  slice_.remove_suffix(6);
  EXPECT_EQ(text_of(slice_), "hello");
  slice_.remove_suffix(0);
  EXPECT_EQ(text_of(slice_), "hello");
}

TEST_F(SliceTest, holds_its_memory_until_dropped_also_when_all_bytes_were_removed) {
  buffer_.release_idle();
  slice_.remove_prefix(5);
  slice_.remove_suffix(6);
  EXPECT_TRUE(slice_.empty());
  EXPECT_EQ(pool_.stats().taken_slots, 1U);
  slice_ = {};
  EXPECT_EQ(pool_.stats().taken_slots, 0U);
}

TEST_F(SliceTest, split_gives_away_the_first_bytes_and_moves_none) {
  const std::byte* const data = slice_.data();
  const Slice first = slice_.split(6);
  EXPECT_EQ(text_of(first), "hello ");
  EXPECT_EQ(text_of(slice_), "world");
  EXPECT_EQ(first.data(), data);
  EXPECT_EQ(slice_.data(), data + 6);
}

TEST_F(SliceTest, split_of_nothing_gives_an_empty_slice_that_holds_nothing) {
  buffer_.release_idle();
  const Slice first = slice_.split(0);
  EXPECT_TRUE(first.empty());
  EXPECT_EQ(text_of(slice_), "hello world");
  slice_ = {};
  EXPECT_EQ(pool_.stats().taken_slots, 0U);
}

TEST_F(SliceTest, split_of_everything_leaves_an_empty_slice_that_holds_nothing) {
  buffer_.release_idle();
  Slice first = slice_.split(slice_.size());
  EXPECT_EQ(text_of(first), "hello world");
  EXPECT_TRUE(slice_.empty());
  EXPECT_FALSE(slice_.is_pooled());
  first = {};
  EXPECT_EQ(pool_.stats().taken_slots, 0U);
}

TEST_F(SliceTest, the_last_part_of_a_split_gives_the_memory_back_whichever_it_is) {
  buffer_.release_idle();
  for (const bool first_goes_first : {true, false}) {
    Slice whole = frozen_text(buffer_, "abcdef");
    buffer_.release_idle();
    const auto before = pool_.stats().taken_slots;
    Slice first = whole.split(3);
    (first_goes_first ? first : whole) = {};
    EXPECT_EQ(pool_.stats().taken_slots, before);
    EXPECT_EQ(text_of(first_goes_first ? whole : first), first_goes_first ? "def" : "abc");
    (first_goes_first ? whole : first) = {};
    EXPECT_EQ(pool_.stats().taken_slots, before - 1);
  }
}

TEST_F(SliceTest, a_split_while_the_buffer_still_fills_the_chunk_is_counted) {
  Slice first = slice_.split(5);  // the chunk is not sealed
  first = {};
  slice_ = {};
  // All is dropped: the buffer may start again at the front of its one slot, and stays in it.
  for (int round = 0; round < 20; ++round) {
    Slice next = frozen_text(buffer_, "twenty bytes, more or less");
    const Slice part = next.split(7);
  }
  EXPECT_EQ(buffer_.stats().chunks, 1U);
}

TEST_F(SliceTest, splits_into_single_bytes) {
  buffer_.release_idle();
  std::vector<Slice> bytes;
  while (!slice_.empty()) bytes.push_back(slice_.split(1));
  std::string text;
  for (const Slice& byte : bytes) text += text_of(byte);
  EXPECT_EQ(text, "hello world");
  EXPECT_EQ(pool_.stats().taken_slots, 1U);
  bytes.clear();
  EXPECT_EQ(pool_.stats().taken_slots, 0U);
}

TEST_F(SliceTest, detach_copies_the_bytes_out_of_the_pool) {
  buffer_.release_idle();
  const Slice copy = slice_.detach();
  EXPECT_NE(copy.data(), slice_.data());
  EXPECT_FALSE(copy.is_pooled());
  EXPECT_EQ(text_of(slice_), "hello world");
  slice_ = {};
  EXPECT_EQ(pool_.stats().taken_slots, 0U);
  EXPECT_EQ(text_of(copy), "hello world");
}

TEST_F(SliceTest, detach_into_itself_releases_the_chunk) {
  buffer_.release_idle();
  slice_.remove_prefix(6);
  slice_ = slice_.detach();
  EXPECT_EQ(pool_.stats().taken_slots, 0U);
  EXPECT_EQ(text_of(slice_), "world");
}

TEST_F(SliceTest, a_detached_one_splits_and_shares_as_any_other) {
  Slice copy = slice_.detach();
  const Slice first = copy.split(5);
  const SharedSlice shared = copy.share();
  EXPECT_EQ(text_of(first), "hello");
  EXPECT_EQ(text_of(shared), " world");
}

TEST(Slice, detach_of_an_empty_one_is_empty) { EXPECT_TRUE(Slice().detach().empty()); }

TEST_F(SliceTest, says_whether_it_is_pooled) {
  EXPECT_TRUE(slice_.is_pooled());
  BufferPool none(0);
  EXPECT_FALSE(frozen_text(none, "x").is_pooled());
}

using SliceDeathTest = SliceTest;

TEST_F(SliceDeathTest, an_index_beyond_the_end_is_reported) {
  EXPECT_DEATH(static_cast<void>(slice_[11]), "Slice::operator\\[\\]\\(11\\): the slice has 11");
  EXPECT_DEATH(static_cast<void>(std::as_const(slice_)[11]), "Slice::operator\\[\\]\\(11\\)");
}

TEST_F(SliceDeathTest, removing_more_than_there_is_is_reported) {
  EXPECT_DEATH(slice_.remove_prefix(12), "Slice::remove_prefix\\(12\\): the slice has 11 bytes");
  EXPECT_DEATH(slice_.remove_suffix(12), "Slice::remove_suffix\\(12\\): the slice has 11 bytes");
}

TEST_F(SliceDeathTest, splitting_off_more_than_there_is_is_reported) {
  EXPECT_DEATH(static_cast<void>(slice_.split(12)), "Slice::split\\(12\\): the slice has 11 bytes");
}

TEST_F(SliceDeathTest, a_moved_from_one_has_no_bytes_to_index) {
  const Slice other = std::move(slice_);
  EXPECT_DEATH(static_cast<void>(slice_[0]),  // NOLINT(bugprone-use-after-move)
               "Slice::operator\\[\\]\\(0\\): the slice has 0 bytes");
}

}  // namespace
}  // namespace bufferpool::test
