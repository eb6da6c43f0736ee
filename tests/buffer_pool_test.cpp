// What BufferPool promises beyond FillBuffer: where the bytes lie, and when slots come back.
#include "bufferpool/buffer_pool.hpp"

#include <array>
#include <cstddef>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/bytes.hpp"

namespace bufferpool::test {
namespace {

class BufferPoolTest : public testing::Test {
 protected:
  [[nodiscard]] std::uint64_t taken() const { return pool_.stats().taken_slots; }

  SlotPool pool_{{.slot_bytes = 256, .slots = 16, .upstream = std::pmr::null_memory_resource()}};
  BufferPool buffer_{pool_};
};

TEST(BufferPool, is_smaller_than_128_bytes) { EXPECT_LT(sizeof(BufferPool), 128U); }

TEST(BufferPool, a_hundred_thousand_idle_ones_hold_no_slot) {
  const SlotPool pool({.slot_bytes = 4096, .slots = 64});
  std::vector<BufferPool> idle;
  idle.reserve(100'000);
  for (int i = 0; i < 100'000; ++i) idle.emplace_back(pool);
  EXPECT_EQ(pool.stats().taken_slots, 0U);
  for (BufferPool& buffer : idle) {
    const Slice slice = frozen_text(buffer, "one message");
    ASSERT_TRUE(slice.is_pooled());
    buffer.release_idle();
  }
  EXPECT_EQ(pool.stats().taken_slots, 0U);
  EXPECT_EQ(pool.stats().served_by_upstream, 0U);
}

TEST_F(BufferPoolTest, takes_no_slot_before_the_first_fill) {
  EXPECT_EQ(taken(), 0U);
  static_cast<void>(buffer_.fill(0));
  EXPECT_EQ(taken(), 0U);
  static_cast<void>(buffer_.fill(1));
  EXPECT_EQ(taken(), 1U);
}

TEST_F(BufferPoolTest, names_the_pool_that_it_shares) { EXPECT_EQ(buffer_.pool(), pool_); }

TEST_F(BufferPoolTest, slices_lie_in_the_pool) {
  const Slice slice = frozen_text(buffer_, "pooled");
  EXPECT_TRUE(slice.is_pooled());
  EXPECT_TRUE(pool_.owns(slice.data()));
  EXPECT_EQ(buffer_.stats().upstream_slices, 0U);
}

TEST_F(BufferPoolTest, slices_of_one_slot_lie_side_by_side) {
  const Slice first = frozen_text(buffer_, "12345");
  const Slice second = frozen_text(buffer_, "678");
  EXPECT_EQ(second.data(), first.data() + 5);
  EXPECT_EQ(taken(), 1U);
  EXPECT_EQ(buffer_.stats().chunks, 1U);
}

TEST_F(BufferPoolTest, a_slot_whose_slices_are_gone_is_filled_again_from_its_start) {
  for (std::uint64_t round = 0; round < 1000; ++round) {
    const Slice slice = frozen_pattern(buffer_, 100, round);
    ASSERT_TRUE(holds_pattern(slice, round));
  }
  EXPECT_EQ(taken(), 1U);
  EXPECT_EQ(buffer_.stats().chunks, 1U);
  EXPECT_EQ(buffer_.stats().bytes_moved, 0U);
}

TEST_F(BufferPoolTest, a_slot_with_a_live_slice_is_left_to_it) {
  const Slice kept = frozen_pattern(buffer_, 200, 1);
  const Slice next = frozen_pattern(buffer_, 200, 2);
  EXPECT_EQ(taken(), 2U);
  EXPECT_TRUE(holds_pattern(kept, 1));
}

TEST_F(BufferPoolTest, a_small_unfinished_rest_moves_to_the_next_slot) {
  const Slice kept = frozen_pattern(buffer_, 240, 1);
  append(buffer_, "0123456789");
  append(buffer_, "abcdefghij");
  EXPECT_EQ(buffer_.stats().bytes_moved, 10U);
  EXPECT_EQ(text_of(buffer_.filled()), "0123456789abcdefghij");
  EXPECT_TRUE(holds_pattern(kept, 1));
}

TEST_F(BufferPoolTest, a_large_unfinished_message_grows_into_the_next_slot_in_place) {
  const std::byte* const data = buffer_.fill(200).data();
  EXPECT_EQ(buffer_.fill(200).data(), data + 200);
  EXPECT_EQ(buffer_.stats().bytes_moved, 0U);
  EXPECT_EQ(taken(), 2U);
}

TEST_F(BufferPoolTest, a_message_of_several_slots_gives_them_all_back) {
  Slice slice = frozen_pattern(buffer_, 1000, 1);
  EXPECT_EQ(taken(), 4U);
  slice = {};
  EXPECT_EQ(taken(), 0U);
}

TEST_F(BufferPoolTest, a_message_that_was_extended_gives_all_slots_back) {
  for (std::size_t at = 0; at < 1000; ++at) buffer_.fill(1)[0] = std::byte{0};
  EXPECT_EQ(taken(), 4U);
  Slice slice = buffer_.freeze();
  EXPECT_EQ(taken(), 4U);
  slice = {};
  EXPECT_EQ(taken(), 0U);
}

TEST_F(BufferPoolTest, a_message_that_cannot_grow_in_place_moves_and_keeps_its_bytes) {
  write_pattern(buffer_.fill(250), 5);
  BufferPool neighbour(pool_);
  static_cast<void>(neighbour.fill(1));  // the slot behind
  write_pattern(buffer_.fill(250), 5, 250);
  EXPECT_EQ(buffer_.stats().bytes_moved, 250U);
  EXPECT_TRUE(holds_pattern(buffer_.freeze(), 5));
}

TEST_F(BufferPoolTest, one_message_may_take_every_slot) {
  const Slice slice = frozen_pattern(buffer_, std::size_t{16} * 256, 1);
  EXPECT_TRUE(slice.is_pooled());
  EXPECT_EQ(taken(), 16U);
}

TEST_F(BufferPoolTest, release_idle_gives_the_slot_back_at_once_where_no_slice_is_alive) {
  static_cast<void>(frozen_text(buffer_, "dropped"));
  EXPECT_EQ(taken(), 1U);
  buffer_.release_idle();
  EXPECT_EQ(taken(), 0U);
}

TEST_F(BufferPoolTest, release_idle_leaves_the_slot_to_the_last_slice) {
  std::vector<Slice> slices;
  for (int i = 0; i < 3; ++i) slices.push_back(frozen_text(buffer_, "kept"));
  buffer_.release_idle();
  while (!slices.empty()) {
    EXPECT_EQ(taken(), 1U);
    slices.pop_back();
  }
  EXPECT_EQ(taken(), 0U);
}

TEST_F(BufferPoolTest, destruction_forgets_what_was_not_frozen) {
  {
    BufferPool gone(pool_);
    append(gone, "unfinished");
    EXPECT_EQ(taken(), 1U);
  }
  EXPECT_EQ(taken(), 0U);
}

TEST_F(BufferPoolTest, assignment_gives_the_slot_of_what_was_being_filled_back) {
  append(buffer_, "unfinished");
  buffer_ = BufferPool(pool_);
  EXPECT_EQ(taken(), 0U);
}

TEST_F(BufferPoolTest, assignment_from_a_buffer_of_another_pool_changes_the_pool) {
  const Slice old = frozen_text(buffer_, "old pool");
  const SlotPool other({.slot_bytes = 64, .slots = 2});
  buffer_ = BufferPool(other);
  const Slice slice = frozen_text(buffer_, "new pool");
  EXPECT_TRUE(other.owns(slice.data()));
  EXPECT_EQ(text_of(old), "old pool");
  EXPECT_EQ(taken(), 1U);
}

TEST_F(BufferPoolTest, a_moved_from_one_refuses_a_try) {
  const BufferPool moved = std::move(buffer_);
  EXPECT_TRUE(buffer_.try_fill(1).empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_TRUE(buffer_.try_prepare(1).empty());
}

TEST(BufferPool, keeps_its_pool_in_being) {
  std::vector<BufferPool> buffers;
  {
    const SlotPool pool({.slot_bytes = 64, .slots = 4});
    buffers.emplace_back(pool);
  }
  EXPECT_EQ(text_of(frozen_text(buffers[0], "pool is there")), "pool is there");
}

TEST(BufferPool, a_slice_keeps_the_slots_in_being_after_pool_and_buffer) {
  Slice slice;
  {
    BufferPool buffer(SlotPool({.slot_bytes = 4096, .slots = 64}));
    slice = frozen_pattern(buffer, 4000, 1);
  }
  EXPECT_TRUE(holds_pattern(slice, 1));
  std::thread([last = std::move(slice)] { EXPECT_TRUE(holds_pattern(last, 1)); }).join();
}

TEST(BufferPool, fills_storage_of_the_caller) {
  alignas(64) std::array<std::byte, 4096> storage;
  const SlotPool pool({.slot_bytes = 128, .upstream = std::pmr::null_memory_resource()}, storage);
  BufferPool buffer(pool);
  const Slice slice = frozen_text(buffer, "on the stack");
  EXPECT_GE(slice.data(), storage.data());
  EXPECT_LT(slice.data(), storage.data() + storage.size());
}

TEST(BufferPool, its_own_pool_has_at_least_the_capacity_that_was_asked_for) {
  for (const std::size_t bytes : {1U, 7U, 8U, 9U, 63U, 64U, 65U, 255U, 256U, 257U, 320U * 1024}) {
    const BufferPool buffer(bytes, std::pmr::null_memory_resource());
    EXPECT_GE(buffer.pool().slots() * buffer.pool().slot_bytes(), bytes) << bytes;
  }
}

TEST(BufferPool, the_whole_of_its_capacity_fits_into_one_message) {
  for (const std::size_t bytes : {1U, 7U, 8U, 9U, 63U, 64U, 65U, 255U, 256U, 257U, 320U * 1024}) {
    BufferPool buffer(bytes, std::pmr::null_memory_resource());
    EXPECT_EQ(buffer.fill(bytes).size(), bytes);
  }
}

TEST(BufferPool, a_capacity_that_no_machine_has_is_refused) {
  for (const std::size_t bytes :
       {SIZE_MAX, SIZE_MAX / 2, (std::size_t{1} << 48) + 1, std::size_t{1} << 48}) {
    EXPECT_THROW(BufferPool{bytes}, std::bad_alloc) << bytes;
  }
}

TEST(BufferPool, two_on_one_pool_do_not_meet) {
  const SlotPool pool({.slot_bytes = 100, .slots = 50});
  BufferPool left(pool);
  BufferPool right(pool);
  std::vector<Slice> slices;
  for (std::size_t i = 0; i < 60; ++i) {
    slices.push_back(frozen_pattern(i % 2 == 0 ? left : right, 30 + i % 40, i));
  }
  for (std::size_t i = 0; i < slices.size(); ++i) EXPECT_TRUE(holds_pattern(slices[i], i)) << i;
}

}  // namespace
}  // namespace bufferpool::test
