// A buffer uses again what was dropped, goes back to the pool when it can, and moves no byte often.
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/buffer_pool.hpp"
#include "support/bytes.hpp"

namespace bufferpool::test {
namespace {

/// Holds every second slot of `pool`, so that none has a free neighbour.
std::vector<Slice> fragment(SlotPool& pool) {
  std::vector<Slice> all;
  BufferPool greedy(pool);
  while (!greedy.try_fill(pool.slot_bytes()).empty()) all.push_back(greedy.freeze());
  std::vector<Slice> odd;
  for (std::size_t i = 1; i < all.size(); i += 2) odd.push_back(std::move(all[i]));
  return odd;
}

/// A window of `window` bytes that slides by one byte a step; how many bytes were moved for it.
std::uint64_t moved_by_sliding(BufferPool& buffer, std::size_t window, std::size_t steps) {
  write_pattern(buffer.fill(window), 1);
  const std::uint64_t before = buffer.stats().bytes_moved;
  for (std::size_t step = 0; step < steps; ++step) {
    buffer.consume(1);
    buffer.fill(1)[0] = pattern_byte(1, window + step);
  }
  EXPECT_TRUE(holds_pattern(buffer.filled(), 1, steps));
  return buffer.stats().bytes_moved - before;
}

TEST(BufferReuse, a_stream_of_messages_does_not_extend_one_run_for_ever) {
  const SlotPool pool({.slot_bytes = 4096, .slots = 64});
  BufferPool buffer(pool);
  static_cast<void>(buffer.fill(1000));
  Slice latest;
  for (int message = 0; message < 100; ++message) {
    static_cast<void>(buffer.fill(1000));
    latest = buffer.freeze(1000);
  }
  EXPECT_LE(pool.stats().taken_slots, 2u);
}

TEST(BufferReuse, a_try_that_fails_takes_no_slot) {
  SlotPool pool({.slot_bytes = 64, .slots = 4});
  std::vector<void*> others;
  while (void* const slot = pool.try_allocate()) others.push_back(slot);
  BufferPool buffer(pool);
  static_cast<void>(buffer.fill(100));  // upstream's
  buffer.truncate(0);
  for (std::size_t i = 0; i < 3; ++i) pool.deallocate(others[i]);
  EXPECT_TRUE(buffer.try_fill(256).empty());
  EXPECT_EQ(pool.stats().taken_slots, 1u);
  pool.deallocate(others[3]);
}

TEST(BufferReuse, a_message_gets_the_whole_capacity_once_all_slices_are_dropped) {
  for (const std::size_t capacity : {64U, 1'000U, 64U * 1024, 320U * 1024}) {
    BufferPool buffer(capacity);
    static_cast<void>(frozen_text(buffer, "x"));
    const Slice slice = frozen_pattern(buffer, capacity, 1);
    EXPECT_TRUE(slice.is_pooled()) << capacity;
    EXPECT_TRUE(holds_pattern(slice, 1));
  }
}

/// With slots longer than a buffer fills before it looks whether its slices are gone.
class BufferReuseInALongSlot : public ::testing::Test {
 protected:
  static constexpr std::size_t kSlotBytes = 256 * 1024;
  static constexpr std::size_t kMessageBytes = 20'000;

  SlotPool pool_{{.slot_bytes = kSlotBytes, .slots = 4}};
  BufferPool buffer_{pool_};
};

TEST_F(BufferReuseInALongSlot, messages_that_are_dropped_soon_stay_at_its_start) {
  const std::byte* start = nullptr;
  for (std::uint64_t round = 0; round < 100; ++round) {
    const Slice first = frozen_pattern(buffer_, kMessageBytes, round);
    const Slice second = frozen_pattern(buffer_, kMessageBytes, round + 1);
    ASSERT_TRUE(holds_pattern(first, round));
    ASSERT_TRUE(holds_pattern(second, round + 1));
    if (round == 0) start = first.data();
    EXPECT_EQ(first.data(), start) << round;
    EXPECT_EQ(second.data(), start + kMessageBytes) << round;
  }
  EXPECT_EQ(buffer_.stats().chunks, 1U);
  EXPECT_EQ(buffer_.stats().bytes_moved, 0U);
}

TEST_F(BufferReuseInALongSlot, a_live_slice_is_never_filled_over) {
  const Slice kept = frozen_pattern(buffer_, 100, 1);
  for (std::uint64_t round = 2; round < 100; ++round) {
    const Slice next = frozen_pattern(buffer_, kMessageBytes, round);
    ASSERT_TRUE(holds_pattern(next, round));
  }
  EXPECT_TRUE(holds_pattern(kept, 1));
}

TEST_F(BufferReuseInALongSlot, all_of_it_is_filled_while_its_slices_live) {
  std::vector<Slice> slices;
  for (std::uint64_t round = 0; round < kSlotBytes / 16'384; ++round) {
    slices.push_back(frozen_pattern(buffer_, 16'384, round));
  }
  EXPECT_EQ(buffer_.stats().chunks, 1U);
  for (std::uint64_t round = 0; round < slices.size(); ++round) {
    EXPECT_TRUE(holds_pattern(slices[round], round));
  }
}

TEST_F(BufferReuseInALongSlot, what_is_reserved_behind_a_message_does_not_move) {
  const Slice kept = frozen_pattern(buffer_, kMessageBytes, 1);
  buffer_.reserve(kMessageBytes);
  const std::byte* const begin = buffer_.fill(1).data();
  for (std::size_t at = 1; at < kMessageBytes; ++at) {
    ASSERT_EQ(buffer_.fill(1).data(), begin + at);
  }
  EXPECT_EQ(begin, kept.data() + kMessageBytes);
}

TEST(BufferReuse, a_rest_that_is_being_filled_grows_to_the_whole_capacity) {
  for (const std::size_t capacity : {64U, 1'024U, 64U * 1024}) {
    BufferPool buffer(capacity);
    write_pattern(buffer.fill(2), 1);
    static_cast<void>(buffer.freeze(1));
    write_pattern(buffer.fill(capacity - 1), 1, 2);
    const Slice slice = buffer.freeze();
    EXPECT_TRUE(slice.is_pooled()) << capacity;
    EXPECT_TRUE(holds_pattern(slice, 1, 1));
  }
}

TEST(BufferReuse, an_idle_chunk_in_the_middle_is_no_obstacle) {
  SlotPool pool({.slot_bytes = 64, .slots = 4});
  void* const first = pool.allocate();
  BufferPool buffer(pool);
  static_cast<void>(frozen_text(buffer, "x"));  // the second slot
  pool.deallocate(first);
  EXPECT_TRUE(frozen_pattern(buffer, 256, 1).is_pooled());
}

TEST(BufferReuse, what_was_reserved_before_a_consume_is_no_obstacle) {
  SlotPool pool({.slot_bytes = 64, .slots = 4});
  void* const first = pool.allocate();
  BufferPool buffer(pool);  // the second slot
  buffer.reserve(50);
  static_cast<void>(buffer.fill(10));
  buffer.consume(10);
  pool.deallocate(first);
  EXPECT_TRUE(frozen_pattern(buffer, 256, 1).is_pooled());
}

TEST(BufferReuse, a_try_that_fails_keeps_what_was_reserved) {
  const SlotPool pool({.slot_bytes = 64, .slots = 4});
  BufferPool buffer(pool);
  static_cast<void>(frozen_text(buffer, "x"));
  buffer.reserve(50);
  EXPECT_TRUE(buffer.try_fill(1'000).empty());
  const std::uint64_t taken = pool.stats().taken_slots;
  EXPECT_EQ(buffer.try_fill(50).size(), 50U);
  EXPECT_EQ(pool.stats().taken_slots, taken);
}

TEST(BufferReuse, a_try_that_fails_does_not_let_go_of_what_was_reserved) {
  SlotPool pool({.slot_bytes = 4096, .slots = 3});
  void* const below = pool.allocate();
  BufferPool buffer(pool);
  buffer.reserve(4000);
  const std::byte* const reserved = buffer.filled().data();
  void* const above = pool.allocate();
  pool.deallocate(below);  // the slot that the buffer would get next
  EXPECT_TRUE(buffer.try_fill(3 * 4096).empty());
  EXPECT_EQ(buffer.fill(4000).data(), reserved);
  pool.deallocate(above);
}

TEST(BufferReuse, a_try_that_fails_leases_nothing_and_keeps_the_chunk) {
  SlotPool pool({.slot_bytes = 4096, .slots = 2});
  void* const taken = pool.allocate();
  BufferPool buffer(pool);
  static_cast<void>(frozen_text(buffer, "x"));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(buffer.try_fill(8192).empty());
  EXPECT_EQ(buffer.stats().chunks, 1U);
  EXPECT_EQ(pool.stats().taken_slots, 2U);
  pool.deallocate(taken);
}

TEST(BufferReuse, sliding_moves_each_byte_a_few_times_where_the_pool_is_full) {
  BufferPool buffer(SlotPool({.slot_bytes = 4096, .slots = 1}));
  EXPECT_LT(moved_by_sliding(buffer, 4095, 20'000), 10U * 20'000);
}

TEST(BufferReuse, sliding_moves_each_byte_a_few_times_where_the_pool_is_fragmented) {
  SlotPool pool({.slot_bytes = 4096, .slots = 8});
  const std::vector<Slice> held = fragment(pool);
  BufferPool buffer(pool);
  EXPECT_LT(moved_by_sliding(buffer, 4095, 20'000), 10U * 20'000);
}

TEST(BufferReuse, sliding_moves_each_byte_a_few_times_where_there_is_no_pool) {
  BufferPool buffer(0);
  EXPECT_LT(moved_by_sliding(buffer, 700, 20'000), 10U * 20'000);
}

TEST(BufferReuse, without_upstream_sliding_works_in_the_last_slot) {
  BufferPool buffer(
      SlotPool({.slot_bytes = 256, .slots = 1, .upstream = std::pmr::null_memory_resource()}));
  static_cast<void>(moved_by_sliding(buffer, 255, 2'000));
  EXPECT_EQ(buffer.size(), 255U);
}

TEST(BufferReuse, a_buffer_that_never_runs_empty_returns_from_upstream_to_the_pool) {
  SlotPool pool({.slot_bytes = 4096, .slots = 1});
  void* const slot = pool.allocate();
  BufferPool buffer(pool);
  static_cast<void>(buffer.fill(11));
  pool.deallocate(slot);
  for (int round = 0; round < 200; ++round) {  // more than the block from upstream has room for
    static_cast<void>(buffer.freeze(10));
    static_cast<void>(buffer.fill(10));
  }
  EXPECT_TRUE(buffer.freeze(1).is_pooled());
}

TEST(BufferReuse, a_buffer_that_never_runs_empty_gives_a_long_run_back) {
  const SlotPool pool({.slot_bytes = 256, .slots = 64});
  BufferPool buffer(pool);
  static_cast<void>(buffer.fill(10'000));
  static_cast<void>(buffer.freeze(9'999));
  for (int round = 0; round < 10'000; ++round) {
    static_cast<void>(buffer.fill(10));
    static_cast<void>(buffer.freeze(10));
  }
  EXPECT_LE(pool.stats().taken_slots, 2U);
}

/// One slot that starts with dropped slices, so that what is being filled could move to its front.
class FailedRequestTest : public testing::Test {
 protected:
  FailedRequestTest() {
    static_cast<void>(frozen_pattern(buffer_, 50, 1));
    write_pattern(buffer_.fill(10), 2);
  }

  BufferPool buffer_{
      SlotPool({.slot_bytes = 64, .slots = 2, .upstream = std::pmr::null_memory_resource()})};
};

TEST_F(FailedRequestTest, leaves_pointers_into_what_is_being_filled_valid) {
  const std::byte* const data = buffer_.filled().data();
  EXPECT_TRUE(buffer_.try_fill(1'000).empty());
  EXPECT_TRUE(buffer_.try_prepare(1'000).empty());
  EXPECT_THROW(static_cast<void>(buffer_.fill(1'000)), std::bad_alloc);
  EXPECT_EQ(buffer_.filled().data(), data);
  EXPECT_EQ(buffer_.stats().bytes_moved, 0U);
}

TEST_F(FailedRequestTest, leaves_what_was_prepared) {
  const std::span<std::byte> space = buffer_.prepare(4);
  EXPECT_TRUE(buffer_.try_fill(1'000).empty());
  EXPECT_THROW(static_cast<void>(buffer_.fill(1'000)), std::bad_alloc);
  write_pattern(space, 2, 10);
  buffer_.commit(4);
  EXPECT_TRUE(holds_pattern(buffer_.freeze(), 2));
}

TEST_F(FailedRequestTest, leaves_what_was_prepared_in_an_empty_buffer) {
  buffer_.consume(10);
  const std::span<std::byte> space = buffer_.prepare(4);
  EXPECT_TRUE(buffer_.try_fill(1'000).empty());
  EXPECT_THROW(static_cast<void>(buffer_.fill(1'000)), std::bad_alloc);
  write_pattern(space, 3);
  buffer_.commit(4);
  EXPECT_TRUE(holds_pattern(buffer_.freeze(), 3));
}

TEST(BufferReuse, an_appender_that_fails_leaves_the_buffer_as_it_was) {
  SlotPool pool({.slot_bytes = 64, .slots = 4, .upstream = std::pmr::null_memory_resource()});
  BufferPool buffer(pool);
  void* const first = pool.allocate();
  static_cast<void>(buffer.fill(10));
  static_cast<void>(buffer.freeze());  // dropped at once: the chunk, the second slot, is empty
  void* const third = pool.allocate();
  pool.deallocate(first);
  {
    auto appender = buffer.appender();
    EXPECT_THROW(static_cast<void>(appender.fill(1000)), std::bad_alloc);
    EXPECT_EQ(appender.fill(8).size(), 8U);
  }
  EXPECT_EQ(buffer.size(), 8U);
  EXPECT_EQ(buffer.freeze().size(), 8U);
  pool.deallocate(third);
}

}  // namespace
}  // namespace bufferpool::test
