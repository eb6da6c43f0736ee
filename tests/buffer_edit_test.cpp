// What every FillBuffer promises of truncate, consume, clear, reserve, release_idle and Appender.
#include <cstddef>
#include <new>

#include <gtest/gtest.h>

#include "support/bytes.hpp"
#include "support/every_buffer.hpp"

namespace bufferpool::test {
namespace {

template <class Kind>
class BufferEditTest : public EveryBuffer<Kind> {};
TYPED_TEST_SUITE(BufferEditTest, EveryKind, NameOfKind);

TYPED_TEST(BufferEditTest, truncate_forgets_the_end) {
  append(this->buffer_, "hello world");
  this->buffer_.truncate(5);
  EXPECT_EQ(text_of(this->buffer_.filled()), "hello");
  append(this->buffer_, "!");
  EXPECT_EQ(text_of(this->buffer_.freeze()), "hello!");
}

TYPED_TEST(BufferEditTest, truncate_never_makes_it_longer) {
  append(this->buffer_, "short");
  for (const std::size_t bytes : {std::size_t{5}, std::size_t{6}, std::size_t{1000}, SIZE_MAX}) {
    this->buffer_.truncate(bytes);
    EXPECT_EQ(this->buffer_.size(), 5U);
  }
  EXPECT_EQ(text_of(this->buffer_.freeze()), "short");
}

TYPED_TEST(BufferEditTest, truncate_in_an_empty_buffer_changes_nothing) {
  this->buffer_.truncate(0);
  this->buffer_.truncate(10);
  EXPECT_TRUE(this->buffer_.empty());
}

TYPED_TEST(BufferEditTest, consume_forgets_the_front) {
  append(this->buffer_, "hello world");
  this->buffer_.consume(6);
  EXPECT_EQ(text_of(this->buffer_.filled()), "world");
  this->buffer_.consume(0);
  EXPECT_EQ(text_of(this->buffer_.freeze()), "world");
}

TYPED_TEST(BufferEditTest, consume_of_everything_leaves_it_empty_and_usable) {
  append(this->buffer_, "gone");
  this->buffer_.consume(4);
  EXPECT_TRUE(this->buffer_.empty());
  EXPECT_EQ(text_of(frozen_text(this->buffer_, "next")), "next");
}

TYPED_TEST(BufferEditTest, consumed_bytes_are_in_no_slice) {
  append(this->buffer_, "skip-frame-rest");
  this->buffer_.consume(5);
  const Slice frame = this->buffer_.freeze(5);
  this->buffer_.consume(1);
  EXPECT_EQ(text_of(frame), "frame");
  EXPECT_EQ(text_of(this->buffer_.filled()), "rest");
  EXPECT_EQ(this->buffer_.stats().slices, 1U);
}

TYPED_TEST(BufferEditTest, clear_forgets_everything_but_not_the_slices) {
  const Slice slice = frozen_text(this->buffer_, "slice");
  append(this->buffer_, "forgotten");
  this->buffer_.clear();
  EXPECT_TRUE(this->buffer_.empty());
  append(this->buffer_, "new");
  EXPECT_EQ(text_of(this->buffer_.filled()), "new");
  EXPECT_EQ(text_of(slice), "slice");
}

TYPED_TEST(BufferEditTest, no_byte_moves_up_to_the_reserved_total) {
  constexpr std::size_t kTotal = 10'000;
  append(this->buffer_, "x");
  this->buffer_.reserve(kTotal);
  const std::byte* const data = this->buffer_.filled().data();
  const BufferStats before = this->buffer_.stats();
  while (this->buffer_.size() + 7 <= kTotal) {
    const std::size_t size = this->buffer_.size();
    ASSERT_EQ(this->buffer_.fill(7).data(), data + size);
  }
  static_cast<void>(this->buffer_.prepare(kTotal - this->buffer_.size()));
  EXPECT_EQ(this->buffer_.filled().data(), data);
  EXPECT_EQ(this->buffer_.stats().bytes_moved, before.bytes_moved);
  EXPECT_EQ(this->buffer_.stats().chunks, before.chunks);
  EXPECT_EQ(this->buffer_.stats().upstream_chunks, before.upstream_chunks);
}

TYPED_TEST(BufferEditTest, reserve_in_an_empty_buffer_covers_the_first_fill) {
  this->buffer_.reserve(5'000);
  const BufferStats before = this->buffer_.stats();
  const std::byte* const first = this->buffer_.fill(1).data();
  EXPECT_EQ(this->buffer_.fill(4'999).data(), first + 1);
  EXPECT_EQ(this->buffer_.stats().upstream_chunks, before.upstream_chunks);
  EXPECT_EQ(this->buffer_.stats().chunks, before.chunks);
}

TYPED_TEST(BufferEditTest, reserve_keeps_what_is_being_filled) {
  append(this->buffer_, "kept");
  for (const std::size_t total : {10U, 1'000U, 10'000U, 100'000U}) {
    this->buffer_.reserve(total);
    EXPECT_EQ(text_of(this->buffer_.filled()), "kept");
  }
}

TYPED_TEST(BufferEditTest, reserve_of_no_more_than_there_is_room_for_moves_nothing) {
  static_cast<void>(this->buffer_.fill(40));
  const std::size_t room = this->buffer_.prepare(1).size();
  const std::byte* const data = this->buffer_.filled().data();
  const std::uint64_t chunks = this->buffer_.stats().chunks;
  this->buffer_.reserve(40 + room);
  EXPECT_EQ(this->buffer_.filled().data(), data);
  EXPECT_EQ(this->buffer_.stats().chunks, chunks);
}

TYPED_TEST(BufferEditTest, reserve_of_no_more_than_there_is_changes_nothing) {
  append(this->buffer_, "kept");
  const BufferStats before = this->buffer_.stats();
  this->buffer_.reserve(0);
  this->buffer_.reserve(4);
  EXPECT_EQ(this->buffer_.stats().upstream_chunks, before.upstream_chunks);
  EXPECT_EQ(this->buffer_.stats().chunks, before.chunks);
  EXPECT_EQ(text_of(this->buffer_.filled()), "kept");
}

TYPED_TEST(BufferEditTest, a_reserved_try_fill_is_met) {
  this->buffer_.reserve(5'000);
  EXPECT_EQ(this->buffer_.try_fill(5'000).size(), 5'000U);
}

TYPED_TEST(BufferEditTest, release_idle_does_nothing_while_something_is_being_filled) {
  append(this->buffer_, "unfinished");
  const std::byte* const data = this->buffer_.filled().data();
  this->buffer_.release_idle();
  EXPECT_EQ(this->buffer_.filled().data(), data);
  EXPECT_EQ(text_of(this->buffer_.freeze()), "unfinished");
}

TYPED_TEST(BufferEditTest, release_idle_keeps_the_slices) {
  const Slice slice = frozen_text(this->buffer_, "slice");
  this->buffer_.release_idle();
  this->buffer_.release_idle();
  EXPECT_EQ(text_of(slice), "slice");
  EXPECT_EQ(text_of(frozen_text(this->buffer_, "next")), "next");
}

TYPED_TEST(BufferEditTest, an_appender_continues_what_is_being_filled) {
  append(this->buffer_, "start ");
  {
    auto appender = this->buffer_.appender();
    append(appender, "middle ");
    append(appender, "end");
  }
  EXPECT_EQ(text_of(this->buffer_.freeze()), "start middle end");
}

TYPED_TEST(BufferEditTest, an_appender_grows_as_the_buffer_does) {
  constexpr std::size_t kBytes = 50'000;
  {
    auto appender = this->buffer_.appender();
    for (std::size_t at = 0; at < kBytes; at += 10) write_pattern(appender.fill(10), 9, at);
  }
  EXPECT_EQ(this->buffer_.size(), kBytes);
  EXPECT_TRUE(holds_pattern(this->buffer_.filled(), 9));
}

TYPED_TEST(BufferEditTest, an_appender_that_fails_leaves_what_it_appended) {
  {
    auto appender = this->buffer_.appender();
    append(appender, "good");
    EXPECT_THROW(static_cast<void>(appender.fill(SIZE_MAX)), std::bad_alloc);
    append(appender, " and on");
  }
  EXPECT_EQ(text_of(this->buffer_.freeze()), "good and on");
}

TYPED_TEST(BufferEditTest, an_appender_that_fails_has_the_room_that_was_reserved) {
  this->buffer_.reserve(100'000);
  append(this->buffer_, "good");
  const std::byte* const first = this->buffer_.filled().data();
  {
    auto appender = this->buffer_.appender();
    EXPECT_THROW(static_cast<void>(appender.fill(SIZE_MAX)), std::bad_alloc);
    append(appender, " and on");
  }
  EXPECT_EQ(this->buffer_.filled().data(), first);
  EXPECT_EQ(text_of(this->buffer_.filled()), "good and on");
}

TYPED_TEST(BufferEditTest, an_appender_that_is_not_used_changes_nothing) {
  append(this->buffer_, "same");
  { const auto appender = this->buffer_.appender(); }
  EXPECT_EQ(text_of(this->buffer_.freeze()), "same");
  { const auto appender = this->buffer_.appender(); }
  EXPECT_TRUE(this->buffer_.empty());
}

}  // namespace
}  // namespace bufferpool::test
