// Which slots a message gets as it grows, when its neighbours are taken.
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <new>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/buffer_pool.hpp"
#include "support/bytes.hpp"

namespace bufferpool::test {
namespace {

constexpr std::size_t kSlotBytes = 64;

class BufferGrowthTest : public testing::Test {
 protected:
  /// Takes every slot, then gives those back that `free` says.
  template <class Free>
  void leave_free(Free free) {
    for (std::uint64_t i = 0; i < pool_.slots(); ++i) held_.push_back(pool_.allocate());
    for (std::uint64_t i = 0; i < pool_.slots(); ++i) {
      if (free(i)) pool_.deallocate(std::exchange(held_[i], nullptr));
    }
  }
  void grow_to(std::size_t bytes, std::uint64_t stamp) {
    for (std::size_t at = buffer_.size(); at < bytes; ++at) {
      buffer_.fill(1)[0] = pattern_byte(stamp, at);
    }
  }
  ~BufferGrowthTest() override {
    for (void* const slot : held_) {
      if (slot != nullptr) pool_.deallocate(slot);
    }
  }

  SlotPool pool_{
      {.slot_bytes = kSlotBytes, .slots = 60, .upstream = std::pmr::null_memory_resource()}};
  BufferPool buffer_{pool_};
  std::vector<void*> held_;
};

TEST_F(BufferGrowthTest, a_message_takes_the_last_run_that_is_just_long_enough) {
  leave_free([](std::uint64_t slot) { return slot < 2 || (slot >= 10 && slot < 13); });
  grow_to(3 * kSlotBytes, 1);  // from the run of two into the run of three: there is none of four
  EXPECT_EQ(buffer_.stats().chunks, 2U);
  EXPECT_TRUE(holds_pattern(buffer_.freeze(), 1));
}

TEST(BufferGrowth, what_is_filled_counts_in_what_is_reserved) {
  BufferPool buffer(4096, std::pmr::null_memory_resource());
  static_cast<void>(buffer.fill(10));
  EXPECT_NO_THROW(buffer.reserve(4096));
  EXPECT_EQ(buffer.fill(4086).size(), 4086U);
}

TEST_F(BufferGrowthTest, the_last_byte_of_such_a_run_is_in_the_pool) {
  leave_free([](std::uint64_t slot) { return slot == 0 || (slot >= 10 && slot < 13); });
  grow_to(kSlotBytes, 1);
  static_cast<void>(buffer_.fill(kSlotBytes + 1));  // two slots and one byte need three
  EXPECT_EQ(pool_.stats().free_slots, 1U);
  EXPECT_EQ(buffer_.fill(kSlotBytes - 1).size(), kSlotBytes - 1);
  EXPECT_TRUE(buffer_.try_fill(1).empty());
}

TEST_F(BufferGrowthTest, a_message_that_has_to_move_gets_twice_its_length) {
  leave_free([](std::uint64_t slot) { return slot < 3 || slot >= 10; });
  grow_to(3 * kSlotBytes + 1, 1);
  EXPECT_EQ(pool_.stats().taken_slots, 7U + 6U);
  EXPECT_EQ(buffer_.stats().bytes_moved, 3 * kSlotBytes);
  EXPECT_TRUE(holds_pattern(buffer_.filled(), 1));
}

TEST_F(BufferGrowthTest, a_message_without_a_free_run_is_refused_and_keeps_its_bytes) {
  leave_free([](std::uint64_t slot) { return slot % 2 == 0; });
  grow_to(kSlotBytes, 1);
  EXPECT_THROW(static_cast<void>(buffer_.fill(1)), std::bad_alloc);
  EXPECT_TRUE(holds_pattern(buffer_.filled(), 1));
  EXPECT_EQ(pool_.stats().free_slots, 29U);
}

}  // namespace
}  // namespace bufferpool::test
