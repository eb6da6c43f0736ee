// What every FillBuffer promises of prepare() and commit(), and of the try_ functions.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>

#include <gtest/gtest.h>

#include "support/bytes.hpp"
#include "support/every_buffer.hpp"

namespace bufferpool::test {
namespace {

template <class Kind>
class BufferPrepareTest : public EveryBuffer<Kind> {
 protected:
  /// A read of unknown length, as from a socket.
  void receive(std::size_t room_bytes, std::string_view arrived) {
    const std::span<std::byte> space = this->buffer_.prepare(room_bytes);
    ASSERT_EQ(space.size(), room_bytes);
    std::memcpy(space.data(), arrived.data(), arrived.size());
    this->buffer_.commit(arrived.size());
  }
};
TYPED_TEST_SUITE(BufferPrepareTest, EveryKind, NameOfKind);

TYPED_TEST(BufferPrepareTest, prepared_bytes_are_not_filled_before_they_are_committed) {
  EXPECT_EQ(this->buffer_.prepare(4096).size(), 4096U);
  EXPECT_TRUE(this->buffer_.empty());
  EXPECT_TRUE(this->buffer_.freeze().empty());
}

TYPED_TEST(BufferPrepareTest, what_was_committed_follows_what_was_filled) {
  append(this->buffer_, "head ");
  this->receive(4096, "body");
  EXPECT_EQ(text_of(this->buffer_.freeze()), "head body");
}

TYPED_TEST(BufferPrepareTest, prepared_space_lies_behind_what_is_being_filled) {
  append(this->buffer_, "head");
  const std::span<std::byte> space = this->buffer_.prepare(100);
  EXPECT_EQ(space.data(), this->buffer_.filled().data() + 4);
}

TYPED_TEST(BufferPrepareTest, a_commit_of_nothing_is_a_read_of_nothing) {
  static_cast<void>(this->buffer_.prepare(100));
  this->buffer_.commit(0);
  EXPECT_TRUE(this->buffer_.empty());
}

TYPED_TEST(BufferPrepareTest, all_that_was_prepared_may_arrive) {
  write_pattern(this->buffer_.prepare(5000), 4);
  this->buffer_.commit(5000);
  EXPECT_EQ(this->buffer_.size(), 5000U);
  EXPECT_TRUE(holds_pattern(this->buffer_.freeze(), 4));
}

TYPED_TEST(BufferPrepareTest, it_may_arrive_in_several_commits) {
  write_pattern(this->buffer_.prepare(30), 5);
  this->buffer_.commit(10);
  this->buffer_.commit(5);
  this->buffer_.commit(15);
  EXPECT_EQ(this->buffer_.size(), 30U);
  EXPECT_TRUE(holds_pattern(this->buffer_.filled(), 5));
}

TYPED_TEST(BufferPrepareTest, the_last_prepare_counts) {
  static_cast<void>(this->buffer_.prepare(1000));
  this->receive(4, "four");
  EXPECT_EQ(text_of(this->buffer_.freeze()), "four");
}

TYPED_TEST(BufferPrepareTest, unused_room_is_used_by_the_next_read) {
  this->receive(500, "first ");
  const auto chunks = this->buffer_.stats().chunks + this->buffer_.stats().upstream_chunks;
  this->receive(100, "second");
  EXPECT_EQ(this->buffer_.stats().chunks + this->buffer_.stats().upstream_chunks, chunks);
  EXPECT_EQ(text_of(this->buffer_.freeze()), "first second");
}

TYPED_TEST(BufferPrepareTest, a_long_message_arrives_in_many_reads) {
  constexpr std::size_t kBytes = 300'000;
  for (std::size_t at = 0, arrived = 0; at < kBytes; at += arrived) {
    arrived = std::min<std::size_t>(1 + at % 1400, kBytes - at);
    write_pattern(this->buffer_.prepare(1500).first(arrived), 6, at);
    this->buffer_.commit(arrived);
  }
  const Slice slice = this->buffer_.freeze();
  EXPECT_EQ(slice.size(), kBytes);
  EXPECT_TRUE(holds_pattern(slice, 6));
}

TYPED_TEST(BufferPrepareTest, prepare_that_moves_keeps_what_is_being_filled) {
  append(this->buffer_, "before");
  for (const std::size_t bytes : {100U, 1'000U, 10'000U, 100'000U, 1'000'000U}) {
    static_cast<void>(this->buffer_.prepare(bytes));
    EXPECT_EQ(text_of(this->buffer_.filled()), "before");
  }
}

TYPED_TEST(BufferPrepareTest, prepare_of_nothing_is_valid) {
  EXPECT_EQ(this->buffer_.prepare(0).size(), 0U);
  EXPECT_EQ(this->buffer_.try_prepare(0).size(), 0U);
  this->buffer_.commit(0);
  EXPECT_TRUE(this->buffer_.empty());
}

TYPED_TEST(BufferPrepareTest, what_arrived_may_be_frozen_before_the_rest_is_committed) {
  write_pattern(this->buffer_.prepare(100), 8);
  this->buffer_.commit(40);
  EXPECT_TRUE(holds_pattern(this->buffer_.freeze(30), 8));
  EXPECT_TRUE(holds_pattern(this->buffer_.filled(), 8, 30));
  this->buffer_.commit(60);
  EXPECT_EQ(this->buffer_.size(), 70U);
  EXPECT_TRUE(holds_pattern(this->buffer_.filled(), 8, 30));
}

TYPED_TEST(BufferPrepareTest, try_functions_use_the_room_that_is_there) {
  static_cast<void>(this->buffer_.prepare(500));
  const std::span<std::byte> filled = this->buffer_.try_fill(200);
  EXPECT_EQ(filled.size(), 200U);
  const std::span<std::byte> space = this->buffer_.try_prepare(100);
  EXPECT_EQ(space.size(), 100U);
  EXPECT_EQ(space.data(), filled.data() + 200);
  this->buffer_.commit(50);
  EXPECT_EQ(this->buffer_.size(), 250U);
}

TYPED_TEST(BufferPrepareTest, a_try_that_cannot_be_met_changes_nothing) {
  append(this->buffer_, "kept");
  const std::byte* const data = this->buffer_.filled().data();
  for (const std::size_t bytes : {SIZE_MAX, SIZE_MAX - 4, SIZE_MAX / 2, SIZE_MAX / 2 - 4}) {
    EXPECT_TRUE(this->buffer_.try_fill(bytes).empty());
    EXPECT_TRUE(this->buffer_.try_prepare(bytes).empty());
  }
  EXPECT_EQ(this->buffer_.filled().data(), data);
  EXPECT_EQ(text_of(this->buffer_.freeze()), "kept");
}

TYPED_TEST(BufferPrepareTest, a_size_that_overflows_is_bad_alloc_and_changes_nothing) {
  append(this->buffer_, "kept");
  for (const std::size_t bytes : {SIZE_MAX, SIZE_MAX - 3, SIZE_MAX / 2 + 1, SIZE_MAX / 2}) {
    EXPECT_THROW(static_cast<void>(this->buffer_.fill(bytes)), std::bad_alloc);
    EXPECT_THROW(static_cast<void>(this->buffer_.prepare(bytes)), std::bad_alloc);
    EXPECT_THROW(this->buffer_.reserve(bytes), std::bad_alloc);
  }
  EXPECT_EQ(text_of(this->buffer_.freeze()), "kept");
}

TYPED_TEST(BufferPrepareTest, an_overflow_in_an_empty_buffer_is_bad_alloc_too) {
  for (const std::size_t bytes : {SIZE_MAX, SIZE_MAX / 2 + 1, SIZE_MAX / 2}) {
    EXPECT_THROW(static_cast<void>(this->buffer_.fill(bytes)), std::bad_alloc);
    EXPECT_TRUE(this->buffer_.try_fill(bytes).empty());
  }
  EXPECT_TRUE(this->buffer_.empty());
}

}  // namespace
}  // namespace bufferpool::test
