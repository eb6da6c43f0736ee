// What every FillBuffer promises of fill() and freeze(). See also buffer_prepare, buffer_edit and
// buffer_misuse.
#include "bufferpool/basic_buffer.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/bytes.hpp"
#include "support/every_buffer.hpp"

namespace bufferpool::test {
namespace {

using Counts = std::array<std::uint64_t, 5>;

Counts counts_of(const auto& buffer) {
  const BufferStats stats = buffer.stats();
  return {stats.slices, stats.upstream_slices, stats.chunks, stats.upstream_chunks,
          stats.bytes_moved};
}

template <class Kind>
class BasicBufferTest : public EveryBuffer<Kind> {};
TYPED_TEST_SUITE(BasicBufferTest, EveryKind, NameOfKind);

TYPED_TEST(BasicBufferTest, moves_and_does_not_copy) {
  using Tested = typename TypeParam::Buffer;
  EXPECT_FALSE(std::is_copy_constructible_v<Tested>);
  EXPECT_FALSE(std::is_copy_assignable_v<Tested>);
  EXPECT_TRUE(std::is_nothrow_move_constructible_v<Tested>);
  EXPECT_TRUE(std::is_nothrow_move_assignable_v<Tested>);
}

TYPED_TEST(BasicBufferTest, starts_empty) {
  EXPECT_EQ(this->buffer_.size(), 0U);
  EXPECT_TRUE(this->buffer_.empty());
  EXPECT_TRUE(this->buffer_.filled().empty());
  EXPECT_TRUE(this->buffer_.freeze().empty());
}

TYPED_TEST(BasicBufferTest, fills_follow_each_other) {
  const std::span<std::byte> first = this->buffer_.fill(6);
  const std::span<std::byte> second = this->buffer_.fill(10);
  EXPECT_EQ(first.size(), 6U);
  EXPECT_EQ(second.size(), 10U);
  EXPECT_EQ(second.data(), first.data() + 6);
  EXPECT_EQ(this->buffer_.size(), 16U);
  EXPECT_FALSE(this->buffer_.empty());
}

TYPED_TEST(BasicBufferTest, freeze_hands_out_what_was_filled_and_moves_no_byte) {
  append(this->buffer_, "hello ");
  append(this->buffer_, "world");
  const std::byte* const data = this->buffer_.filled().data();
  const Slice slice = this->buffer_.freeze();
  EXPECT_EQ(slice.data(), data);
  EXPECT_EQ(text_of(slice), "hello world");
  EXPECT_TRUE(this->buffer_.empty());
}

TYPED_TEST(BasicBufferTest, freeze_of_a_part_leaves_the_rest_being_filled) {
  append(this->buffer_, "framepart");
  const Slice frame = this->buffer_.freeze(5);
  EXPECT_EQ(text_of(frame), "frame");
  EXPECT_EQ(text_of(this->buffer_.filled()), "part");
  append(this->buffer_, "ial");
  EXPECT_EQ(text_of(this->buffer_.freeze()), "partial");
  EXPECT_EQ(text_of(frame), "frame");
}

TYPED_TEST(BasicBufferTest, freeze_of_nothing_is_empty_and_counts_for_nothing) {
  append(this->buffer_, "kept");
  EXPECT_TRUE(this->buffer_.freeze(0).empty());
  EXPECT_EQ(this->buffer_.stats().slices, 0U);
  EXPECT_EQ(text_of(this->buffer_.filled()), "kept");
}

TYPED_TEST(BasicBufferTest, fill_of_nothing_changes_nothing) {
  EXPECT_EQ(this->buffer_.fill(0).size(), 0U);
  EXPECT_TRUE(this->buffer_.empty());
  append(this->buffer_, "x");
  EXPECT_EQ(this->buffer_.fill(0).size(), 0U);
  EXPECT_EQ(text_of(this->buffer_.filled()), "x");
}

TYPED_TEST(BasicBufferTest, filled_bytes_can_be_changed_in_place) {
  append(this->buffer_, "secret");
  for (std::byte& byte : this->buffer_.filled()) byte ^= std::byte{1};
  EXPECT_EQ(text_of(this->buffer_.freeze()), "rdbsdu");
}

TYPED_TEST(BasicBufferTest, a_message_keeps_its_bytes_while_it_grows_by_tiny_steps) {
  constexpr std::size_t kBytes = 20'000;  // several slots
  for (std::size_t at = 0; at < kBytes; ++at) {
    this->buffer_.fill(1)[0] = pattern_byte(7, at);
  }
  const Slice slice = this->buffer_.freeze();
  EXPECT_EQ(slice.size(), kBytes);
  EXPECT_TRUE(holds_pattern(slice, 7));
}

TYPED_TEST(BasicBufferTest, a_message_may_be_longer_than_everything_that_was_set_aside) {
  const Slice slice = frozen_pattern(this->buffer_, 3'000'000, 1);
  EXPECT_EQ(slice.size(), 3'000'000U);
  EXPECT_TRUE(holds_pattern(slice, 1));
}

TYPED_TEST(BasicBufferTest, many_slices_are_alive_at_once) {
  std::vector<Slice> slices;
  for (std::size_t i = 0; i < 1'000; ++i) {
    slices.push_back(frozen_pattern(this->buffer_, 1 + i % 500, i));
  }
  for (std::size_t i = 0; i < slices.size(); ++i) {
    EXPECT_TRUE(holds_pattern(slices[i], i)) << i;
    EXPECT_EQ(slices[i].size(), 1 + i % 500);
  }
}

TYPED_TEST(BasicBufferTest, slices_outlive_their_buffer) {
  std::vector<Slice> slices;
  {
    auto gone = TypeParam::make();
    for (std::size_t i = 0; i < 20; ++i) slices.push_back(frozen_pattern(gone, 500, i));
    append(gone, "not frozen");
  }
  for (std::size_t i = 0; i < slices.size(); ++i) EXPECT_TRUE(holds_pattern(slices[i], i)) << i;
}

TYPED_TEST(BasicBufferTest, slices_are_dropped_on_another_thread) {
  std::vector<Slice> slices;
  for (std::size_t i = 0; i < 50; ++i) slices.push_back(frozen_pattern(this->buffer_, 300, i));
  std::thread([mine = std::move(slices)]() mutable {
    for (std::size_t i = 0; i < mine.size(); ++i) EXPECT_TRUE(holds_pattern(mine[i], i)) << i;
    mine.clear();
  }).join();
  EXPECT_EQ(text_of(frozen_text(this->buffer_, "and on")), "and on");
}

TYPED_TEST(BasicBufferTest, moving_it_takes_along_what_is_being_filled) {
  append(this->buffer_, "half a ");
  const std::byte* const data = this->buffer_.filled().data();
  auto moved = std::move(this->buffer_);
  EXPECT_EQ(moved.filled().data(), data);
  append(moved, "message");
  EXPECT_EQ(text_of(moved.freeze()), "half a message");
  EXPECT_TRUE(this->buffer_.empty());  // NOLINT(bugprone-use-after-move): what the test is about
  EXPECT_EQ(this->buffer_.stats().slices, 0U);
  EXPECT_EQ(moved.stats().slices, 1U);
}

TYPED_TEST(BasicBufferTest, moving_it_takes_the_counts_along) {
  for (int message = 0; message < 3; ++message) {
    static_cast<void>(frozen_text(this->buffer_, std::string(100'000, 'x')));
  }
  const Counts counts = counts_of(this->buffer_);
  EXPECT_EQ(counts[0], 3U);
  auto moved = std::move(this->buffer_);
  EXPECT_EQ(counts_of(moved), counts);
  EXPECT_EQ(counts_of(this->buffer_), Counts{});  // NOLINT(bugprone-use-after-move)
  this->buffer_ = std::move(moved);
  EXPECT_EQ(counts_of(this->buffer_), counts);
  EXPECT_EQ(counts_of(moved), Counts{});  // NOLINT(bugprone-use-after-move)
}

TYPED_TEST(BasicBufferTest, a_moved_from_one_may_be_asked_and_assigned_to) {
  auto moved = std::move(this->buffer_);
  EXPECT_EQ(this->buffer_.size(), 0U);  // NOLINT(bugprone-use-after-move)
  EXPECT_TRUE(this->buffer_.freeze().empty());
  this->buffer_.clear();
  this->buffer_.consume(0);
  this->buffer_.commit(0);
  this->buffer_.release_idle();
  this->buffer_ = TypeParam::make();
  EXPECT_EQ(text_of(frozen_text(this->buffer_, "again")), "again");
}

TYPED_TEST(BasicBufferTest, assignment_drops_what_was_being_filled_and_keeps_the_slices) {
  const Slice slice = frozen_text(this->buffer_, "slice");
  append(this->buffer_, "unfinished");
  auto other = TypeParam::make();
  append(other, "other");
  this->buffer_ = std::move(other);
  EXPECT_EQ(text_of(this->buffer_.filled()), "other");
  EXPECT_EQ(text_of(slice), "slice");
}

TYPED_TEST(BasicBufferTest, assignment_to_itself_changes_nothing) {
  append(this->buffer_, "same");
  auto& same = this->buffer_;
  this->buffer_ = std::move(same);
  EXPECT_EQ(text_of(this->buffer_.freeze()), "same");
  EXPECT_EQ(this->buffer_.stats().slices, 1U);
}

TYPED_TEST(BasicBufferTest, stats_count_the_slices_also_of_chunks_that_were_left) {
  for (std::size_t i = 0; i < 100; ++i) {
    const Slice slice = frozen_pattern(this->buffer_, 300, i);
    this->buffer_.release_idle();
  }
  append(this->buffer_, "two parts");
  const Slice first = this->buffer_.freeze(3);
  const Slice second = this->buffer_.freeze();
  const BufferStats stats = this->buffer_.stats();
  EXPECT_EQ(stats.slices, 102U);
  EXPECT_EQ(stats.upstream_slices, first.is_pooled() ? 0U : 102U);
  EXPECT_EQ(stats.bytes_moved, 0U);
  EXPECT_GT(stats.chunks + stats.upstream_chunks, 0U);
}

TYPED_TEST(BasicBufferTest, growing_by_single_bytes_moves_each_of_them_less_than_three_times) {
  constexpr std::size_t kBytes = 500'000;  // more than the pools have
  for (std::size_t at = 0; at < kBytes; ++at) this->buffer_.fill(1)[0] = std::byte{0};
  EXPECT_LT(this->buffer_.stats().bytes_moved, 3 * kBytes);
}

}  // namespace
}  // namespace bufferpool::test
