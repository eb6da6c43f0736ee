// Replies that wait for a client of the proxy: in order, and small ones without the slots they came in.
#include "outbound.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>

#include <boost/asio/buffer.hpp>
#include <gtest/gtest.h>

#include "support/tcp_pair.hpp"
#include <bufferpool/buffer_pool.hpp>
#include <bufferpool/slot_pool.hpp>

namespace proxy {
namespace {

using bufferpool::BufferPool;
using bufferpool::SlotPool;

constexpr std::size_t kSlotBytes = 16 * 1024;
constexpr std::size_t kMuchBytes = 1 << 20;  // more than the kernel takes
constexpr int kSmallOnes = 100;

class OutboundTest : public testing::Test {
 protected:
  /// In slots that nothing else is in.
  bufferpool::Slice frozen(const std::string& text) {
    BufferPool buffer(pool_);
    std::ranges::copy(std::as_bytes(std::span(text)), buffer.fill(text.size()).begin());
    expected_ += text;
    return buffer.freeze();
  }
  void push(std::size_t bytes) {
    outbound_.push(frozen(std::string(bytes, static_cast<char>('a' + pushed_++ % 26))));
  }
  void push_small_ones() {
    for (int i = 0; i < kSmallOnes; ++i) push(7);
  }

  ErrorCode write() {
    ErrorCode error;
    const std::size_t before = outbound_.bytes();
    const std::size_t written = outbound_.write_to(ends_.near, error);
    EXPECT_EQ(outbound_.bytes(), before - written);
    return error;
  }

  void expect_all_arrives() {
    std::string arrived(expected_.size(), '\0');
    for (std::size_t bytes = 0; bytes < arrived.size();) {
      write();
      bytes += ends_.far.read_some(asio::buffer(arrived) + bytes);
    }
    EXPECT_TRUE(arrived == expected_);
    EXPECT_EQ(outbound_.bytes(), 0u);
    EXPECT_EQ(taken_slots(), 0u);
  }

  std::size_t taken_slots() const { return pool_.stats().taken_slots; }

  const SlotPool pool_{{.slot_bytes = kSlotBytes, .slots = 4096}};
  SliceQueue::Store store_;
  Outbound<BufferPool> outbound_{store_, BufferPool(pool_)};
  asio::io_context io_{1};
  test::TcpPair ends_{io_};
  std::string expected_;
  int pushed_ = 0;
};

TEST_F(OutboundTest, what_a_peer_takes_at_once_is_not_copied) {
  push_small_ones();
  EXPECT_EQ(taken_slots(), kSmallOnes);
  EXPECT_FALSE(would_block(write()));
  expect_all_arrives();
}

TEST_F(OutboundTest, small_ones_behind_what_a_peer_does_not_take_keep_no_slots) {
  push(kMuchBytes);
  EXPECT_TRUE(would_block(write()));
  push_small_ones();
  EXPECT_LE(taken_slots(), kMuchBytes / kSlotBytes + 2);
  expect_all_arrives();
}

TEST_F(OutboundTest, small_ones_that_wait_when_a_peer_takes_no_more_keep_no_slots) {
  push_small_ones();
  push(kMuchBytes);
  push_small_ones();
  EXPECT_TRUE(would_block(write()));
  EXPECT_LE(taken_slots(), kMuchBytes / kSlotBytes + 2);
  expect_all_arrives();
}

TEST_F(OutboundTest, what_is_packed_is_not_left_to_the_caller) {
  push(kMuchBytes);
  EXPECT_TRUE(would_block(write()));
  bufferpool::Slice slice = frozen("xxxxxxx");
  outbound_.push(std::move(slice));
  EXPECT_TRUE(slice.empty());
  expect_all_arrives();
}

TEST_F(OutboundTest, what_is_written_in_part_counts_with_what_it_keeps) {
  push(kMuchBytes);
  EXPECT_TRUE(would_block(write()));
  EXPECT_LT(outbound_.bytes(), kMuchBytes);
  EXPECT_EQ(outbound_.kept_bytes(), kMuchBytes);
  expect_all_arrives();
  EXPECT_EQ(outbound_.kept_bytes(), 0u);
}

TEST_F(OutboundTest, whatever_waits_arrives_in_order) {
  push(kMuchBytes);
  EXPECT_TRUE(would_block(write()));
  for (int i = 0; i < 10; ++i) {
    push(Outbound<BufferPool>::small_bytes - 1);
    push_small_ones();
    push(Outbound<BufferPool>::small_bytes);
    write();
  }
  expect_all_arrives();
}

TEST_F(OutboundTest, a_peer_that_takes_all_again_gets_the_next_without_a_copy) {
  push(kMuchBytes);
  EXPECT_TRUE(would_block(write()));
  push_small_ones();
  expect_all_arrives();
  expected_.clear();
  push_small_ones();
  EXPECT_EQ(taken_slots(), kSmallOnes);
  EXPECT_FALSE(would_block(write()));
  expect_all_arrives();
}

}  // namespace
}  // namespace proxy
