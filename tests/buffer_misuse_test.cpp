// What every FillBuffer says when it is misused. In every build the process ends.
#include <cstdint>
#include <utility>

#include <gtest/gtest.h>

#include "support/bytes.hpp"
#include "support/every_buffer.hpp"

namespace bufferpool::test {
namespace {

template <class Kind>
class BufferMisuseDeathTest : public EveryBuffer<Kind> {
 protected:
  void SetUp() override { append(this->buffer_, "four"); }
};
TYPED_TEST_SUITE(BufferMisuseDeathTest, EveryKind, NameOfKind);

TYPED_TEST(BufferMisuseDeathTest, freezing_more_than_was_filled_is_reported) {
  EXPECT_DEATH(static_cast<void>(this->buffer_.freeze(5)), "freeze\\(5\\): at most 4 bytes");
}

TYPED_TEST(BufferMisuseDeathTest, consuming_more_than_was_filled_is_reported) {
  EXPECT_DEATH(this->buffer_.consume(5), "consume\\(5\\): at most 4 bytes");
  EXPECT_DEATH(this->buffer_.consume(SIZE_MAX), "at most 4 bytes");
}

TYPED_TEST(BufferMisuseDeathTest, committing_without_a_prepare_is_reported) {
  EXPECT_DEATH(this->buffer_.commit(1), "commit\\(1\\): at most 0 bytes");
}

TYPED_TEST(BufferMisuseDeathTest, committing_more_than_was_prepared_is_reported) {
  static_cast<void>(this->buffer_.prepare(10));
  this->buffer_.commit(4);
  EXPECT_DEATH(this->buffer_.commit(7), "commit\\(7\\): at most 6 bytes");
  EXPECT_DEATH(this->buffer_.commit(SIZE_MAX), "at most 6 bytes");
}

TYPED_TEST(BufferMisuseDeathTest, committing_after_all_was_frozen_is_reported) {
  static_cast<void>(this->buffer_.prepare(10));
  this->buffer_.commit(4);
  static_cast<void>(this->buffer_.freeze());
  EXPECT_DEATH(this->buffer_.commit(1), "commit\\(1\\): at most 0 bytes");
}

TYPED_TEST(BufferMisuseDeathTest, committing_after_a_fill_that_moved_is_reported) {
  static_cast<void>(this->buffer_.prepare(10));
  static_cast<void>(this->buffer_.fill(1'000'000));
  EXPECT_DEATH(this->buffer_.commit(1), "commit\\(1\\): at most 0 bytes");
}

TYPED_TEST(BufferMisuseDeathTest,
           committing_after_a_fill_that_took_the_prepared_place_is_reported) {
  static_cast<void>(this->buffer_.prepare(100));
  static_cast<void>(this->buffer_.fill(50));
  EXPECT_DEATH(this->buffer_.commit(50), "commit\\(50\\): at most 0 bytes");
}

TYPED_TEST(BufferMisuseDeathTest, committing_after_truncate_or_clear_is_reported) {
  static_cast<void>(this->buffer_.prepare(10));
  this->buffer_.truncate(3);
  EXPECT_DEATH(this->buffer_.commit(1), "commit\\(1\\): at most 0 bytes");
  static_cast<void>(this->buffer_.prepare(10));
  this->buffer_.clear();
  EXPECT_DEATH(this->buffer_.commit(1), "commit\\(1\\): at most 0 bytes");
  static_cast<void>(this->buffer_.prepare(10));
  this->buffer_.clear();  // of nothing
  EXPECT_DEATH(this->buffer_.commit(1), "commit\\(1\\): at most 0 bytes");
}

TYPED_TEST(BufferMisuseDeathTest, committing_after_release_idle_is_reported) {
  this->buffer_.clear();
  static_cast<void>(this->buffer_.prepare(10));
  this->buffer_.release_idle();
  EXPECT_DEATH(this->buffer_.commit(1), "commit\\(1\\): at most 0 bytes");
}

TYPED_TEST(BufferMisuseDeathTest, a_moved_from_buffer_has_nothing_to_freeze) {
  const auto moved = std::move(this->buffer_);
  EXPECT_DEATH(static_cast<void>(this->buffer_.freeze(1)),  // NOLINT(bugprone-use-after-move)
               "freeze\\(1\\): at most 0 bytes");
}

TEST(BufferPoolMisuseDeathTest, filling_a_moved_from_buffer_pool_says_so) {
  BufferPool buffer(100);
  const BufferPool moved = std::move(buffer);
  EXPECT_DEATH(static_cast<void>(buffer.fill(1)),  // NOLINT(bugprone-use-after-move)
               "fill on a BufferPool that was moved from; assign one first");
}

}  // namespace
}  // namespace bufferpool::test
