// Pools of as many slots as is easy to get wrong. (Capacities in bytes:
// buffer_model_test.cpp.)
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory_resource>
#include <new>
#include <optional>
#include <span>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/annotate.hpp"
#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/slot_pool.hpp"
#include "support/sanitizers.hpp"
#include "support/slots.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::test {
namespace {

constexpr std::uint64_t kTwoTo32 = std::uint64_t{1} << 32;
constexpr std::uint64_t kMiB = 1 << 20;

std::uint64_t page_bytes() { return static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)); }

std::uint64_t resident_bytes() {
  std::uint64_t mapped_pages = 0;
  std::uint64_t resident_pages = 0;
  std::ifstream("/proc/self/statm") >> mapped_pages >> resident_pages;
  return resident_pages * page_bytes();
}

class SlotCapacity : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  void SetUp() override {
    if (annotate::kEnabled && is_huge()) {
      GTEST_SKIP() << "a build that marks free slots would write its marks for "
                      "gibibytes";
    }
    try {
      pool_.emplace(SlotPoolOptions{.slot_bytes = 1, .slots = GetParam(), .upstream = &upstream_});
    } catch (const std::bad_alloc&) {
      GTEST_SKIP() << "the system refuses the address space of " << GetParam() << " slots";
    }
  }
  [[nodiscard]] static bool is_huge() { return GetParam() > kMiB; }

  WatchedResource upstream_;
  std::optional<SlotPool> pool_;
};

INSTANTIATE_TEST_SUITE_P(Slots, SlotCapacity,
                         ::testing::Values(0, 1, 63, 64, 65, 127, 128, 4095, kMiB, kTwoTo32 - 1,
                                           kTwoTo32),
                         ::testing::PrintToStringParamName());

TEST_P(SlotCapacity, is_as_asked_for_and_all_free) {
  EXPECT_EQ(pool_->slots(), GetParam());
  EXPECT_EQ(pool_->stats().slots, GetParam());
  EXPECT_EQ(pool_->stats().free_slots, GetParam());
  EXPECT_EQ(pool_->stats().taken_slots, 0U);
}

TEST_P(SlotCapacity, is_served_slot_by_slot_and_then_upstream_is_asked) {
  if (is_huge()) GTEST_SKIP() << "to take so many slots one by one would take minutes";
  std::vector<bool> taken(GetParam());
  std::vector<void*> slots(GetParam());
  for (void*& slot : slots) {
    slot = pool_->allocate();
    const std::uint64_t index = to_number(pool_->index_of(slot));
    ASSERT_FALSE(taken[index]) << index;
    taken[index] = true;
    *static_cast<std::uint8_t*>(slot) = static_cast<std::uint8_t>(index);
  }
  EXPECT_EQ(pool_->try_allocate(), nullptr);
  EXPECT_EQ(upstream_.calls(), 0U);
  void* const beyond = pool_->allocate();
  EXPECT_FALSE(pool_->owns(beyond));
  EXPECT_EQ(upstream_.live_blocks(), 1U);
  pool_->deallocate(beyond);
  for (void* const slot : slots) {
    const std::uint64_t index = to_number(pool_->index_of(slot));
    ASSERT_EQ(*static_cast<std::uint8_t*>(slot), static_cast<std::uint8_t>(index));
    pool_->deallocate(slot);
  }
  EXPECT_EQ(pool_->stats().taken_slots, 0U);
}

TEST_P(SlotCapacity, is_one_run_up_to_its_last_byte) {
  if (GetParam() == 0) GTEST_SKIP() << "no slots are no run";
  if (is_huge() && kThreadSanitizer) {
    GTEST_SKIP() << "ThreadSanitizer would shadow half a gibibyte of bitmap";
  }
  if (is_huge() && annotate::kHardened) GTEST_SKIP() << "it would overwrite gibibytes of slots";
  const auto available = static_cast<std::uint64_t>(::sysconf(_SC_AVPHYS_PAGES)) * page_bytes();
  if (is_huge() && available < 2048 * kMiB) GTEST_SKIP() << "needs 512 MiB for the bitmap";
  auto* const run = static_cast<std::uint8_t*>(pool_->allocate_run(GetParam()));
  ASSERT_TRUE(pool_->owns(run));
  EXPECT_EQ(pool_->try_allocate(), nullptr);
  EXPECT_EQ(pool_->stats().taken_slots, GetParam());
  EXPECT_EQ(to_number(pool_->index_of(run + GetParam() - 1)), GetParam() - 1);
  run[0] = run[GetParam() - 1] = 1;
  pool_->deallocate_run(run, GetParam());
  EXPECT_EQ(pool_->stats().taken_slots, 0U);
  EXPECT_EQ(upstream_.calls(), 0U);
}

TEST_P(SlotCapacity, of_a_run_one_slot_too_long_is_upstreams) {
  if (is_huge()) GTEST_SKIP() << "upstream would have to give four gibibytes";
  void* const block = pool_->allocate_run(GetParam() + 1);
  EXPECT_FALSE(GetParam() > 0 && pool_->owns(block));
  pool_->deallocate_run(block, GetParam() + 1);
  EXPECT_EQ(pool_->stats().taken_slots, 0U);
}

TEST_P(SlotCapacity, commits_no_memory_for_slots_that_are_not_touched) {
  pool_.reset();
  const std::uint64_t before = resident_bytes();
  SlotPool pool({.slot_bytes = 1, .slots = GetParam()});
  std::vector<void*> slots;
  for (int i = 0; i < 100; ++i) slots.push_back(pool.allocate());
  for (void* const slot : slots) *static_cast<std::uint8_t*>(slot) = 1;
  EXPECT_LT(resident_bytes(), before + 16 * kMiB);
  give_all(pool, slots);
}

TEST_P(SlotCapacity, is_a_buffers_too) {
  BufferPool buffer(*pool_);
  const std::size_t bytes = std::min<std::uint64_t>(GetParam(), 4096);
  const std::span<std::byte> space = buffer.fill(bytes + 1);  // the last of them perhaps upstream's
  std::memset(space.data(), 7, space.size());
  Slice slice = buffer.freeze();
  EXPECT_EQ(slice.size(), bytes + 1);
  EXPECT_EQ(slice.is_pooled(), GetParam() > 4096);
  pool_.reset();
  EXPECT_EQ(slice[bytes], std::byte{7});
}

TEST(SlotCapacityOptions, two_to_32_plus_1_slots_are_invalid) {
  EXPECT_THROW(SlotPool({.slot_bytes = 1, .slots = kTwoTo32 + 1}), std::invalid_argument);
}

}  // namespace
}  // namespace bufferpool::test
