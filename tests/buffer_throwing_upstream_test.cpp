// An upstream that throws at the k-th call, for every k: nothing has changed, and the same call
// succeeds when it is tried again.
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <new>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/system_buffer.hpp"
#include "support/bytes.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::test {
namespace {

struct Pooled {
  using Buffer = BufferPool;
  static Buffer make(std::pmr::memory_resource& upstream) {
    return BufferPool(SlotPool({.slot_bytes = 64, .slots = 8, .upstream = &upstream}));
  }
};
struct NothingPooled {
  using Buffer = BufferPool;
  static Buffer make(std::pmr::memory_resource& upstream) { return BufferPool(0, &upstream); }
};
struct OnTheHeap {
  using Buffer = SystemBuffer;
  static Buffer make(std::pmr::memory_resource& upstream) { return SystemBuffer(&upstream); }
};

template <class Kind>
class ThrowingUpstreamTest : public testing::Test {
 protected:
  static constexpr std::size_t kMessages = 12;
  static constexpr std::size_t kPieces = 20;

  /// Runs `operation`, again if upstream threw; in between, everything is as it was.
  template <class Operation>
  void attempt(Operation operation) {
    const std::byte* const data = buffer_.filled().data();
    const std::size_t size = buffer_.size();
    const BufferStats stats = buffer_.stats();
    try {
      operation();
    } catch (const std::bad_alloc&) {
      ++thrown_;
      EXPECT_EQ(buffer_.filled().data(), data);
      EXPECT_EQ(buffer_.size(), size);
      EXPECT_EQ(buffer_.stats().bytes_moved, stats.bytes_moved);
      EXPECT_EQ(buffer_.stats().upstream_chunks, stats.upstream_chunks);
      expect_everything_intact();
      operation();
    }
  }

  void expect_everything_intact() {
    EXPECT_TRUE(holds_pattern(buffer_.filled(), slices_.size()));
    for (std::size_t i = 0; i < slices_.size(); ++i) EXPECT_TRUE(holds_pattern(slices_[i], i)) << i;
  }

  void append_piece(std::size_t piece) {
    const std::size_t size = buffer_.size();
    const std::size_t bytes = 1 + piece * 3;
    if (piece % 3 == 0) {
      attempt([&] { write_pattern(buffer_.fill(bytes), slices_.size(), size); });
    } else if (piece % 3 == 1) {
      attempt([&] { write_pattern(buffer_.prepare(bytes), slices_.size(), size); });
      buffer_.commit(bytes);
    } else {
      attempt([&] { buffer_.reserve(size + bytes); });
      write_pattern(buffer_.try_fill(bytes), slices_.size(), size);
    }
    ASSERT_EQ(buffer_.size(), size + bytes);
  }

  /// Fills messages and keeps all slices. Returns how often upstream threw.
  int run(std::uint64_t fail_at) {
    upstream_.fail_at(fail_at);
    for (std::size_t message = 0; message < kMessages; ++message) {
      for (std::size_t piece = 0; piece < kPieces; ++piece) append_piece(piece);
      slices_.push_back(buffer_.freeze());
    }
    expect_everything_intact();
    return thrown_;
  }

  WatchedResource upstream_;
  typename Kind::Buffer buffer_ = Kind::make(upstream_);
  std::vector<Slice> slices_;
  int thrown_ = 0;

  /// Starts anew, for the next k.
  void reset() {
    slices_.clear();
    buffer_ = Kind::make(upstream_);
    thrown_ = 0;
    EXPECT_EQ(upstream_.live_blocks(), 0U);
  }
};

using Kinds = testing::Types<Pooled, NothingPooled, OnTheHeap>;
TYPED_TEST_SUITE(ThrowingUpstreamTest, Kinds);

TYPED_TEST(ThrowingUpstreamTest, every_call_may_throw_and_nothing_changes) {
  EXPECT_EQ(this->run(0), 0);
  const std::uint64_t calls = this->upstream_.calls();
  ASSERT_GT(calls, 10U);
  for (std::uint64_t k = 1; k <= calls; ++k) {
    SCOPED_TRACE(testing::Message() << "upstream throws at call " << k);
    this->reset();
    EXPECT_EQ(this->run(k), 1);
  }
}

TYPED_TEST(ThrowingUpstreamTest, an_appender_keeps_its_bytes_too) {
  this->upstream_.fail_at(3);
  bool thrown = false;
  {
    auto appender = this->buffer_.appender();
    for (std::size_t at = 0; at < 5'000;) {
      try {
        write_pattern(appender.fill(10), 0, at);
        at += 10;
      } catch (const std::bad_alloc&) {
        thrown = true;
      }
    }
  }
  EXPECT_TRUE(thrown);
  EXPECT_EQ(this->buffer_.size(), 5'000U);
  this->expect_everything_intact();
}

}  // namespace
}  // namespace bufferpool::test
