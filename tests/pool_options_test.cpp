// What a pool is made from: sizes, alignment, and where its memory comes from.
#include <cstdint>
#include <memory_resource>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/annotate.hpp"
#include "bufferpool/slot_pool.hpp"
#include "support/pool_shapes.hpp"
#include "support/slots.hpp"
#include "support/unwatched.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::test {
namespace {

constexpr std::uint64_t kTwoTo32 = std::uint64_t{1} << 32;
constexpr std::size_t kMiB = 1024 * 1024;

std::uintptr_t number(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

TEST(PoolOptions, no_bytes_a_slot_is_invalid) {
  EXPECT_THROW(SlotPool({.slot_bytes = 0}), std::invalid_argument);
}

TEST(PoolOptions, more_than_two_to_32_slots_are_invalid) {
  EXPECT_THROW(SlotPool({.slot_bytes = 1, .slots = kTwoTo32 + 1}), std::invalid_argument);
  EXPECT_THROW(SlotPool({.slot_bytes = 1, .slots = UINT64_MAX}), std::invalid_argument);
}

TEST(PoolOptions, an_alignment_that_is_no_power_of_two_is_invalid) {
  for (const std::size_t alignment :
       {std::size_t{3}, std::size_t{48}, std::size_t{4097}, SIZE_MAX, SIZE_MAX / 2}) {
    EXPECT_THROW(SlotPool({.slots = 1, .alignment = alignment}), std::invalid_argument)
        << alignment;
  }
}

TEST(PoolOptions, a_size_that_overflows_is_bad_array_new_length) {
  struct Row {
    std::size_t slot_bytes;
    std::uint64_t slots;
    std::size_t alignment;
  };
  constexpr Row kRows[] = {{SIZE_MAX, 1, 0},
                           {SIZE_MAX, 1, 64},
                           {SIZE_MAX / 2, 2, 0},
                           {SIZE_MAX / 2 + 1, 1, 0},
                           {SIZE_MAX / 2, 1, 0},
                           {std::size_t{1} << 32, kTwoTo32, 0},
                           {std::size_t{1} << 40, kTwoTo32, 0},
                           {(std::size_t{1} << 31) + 1, kTwoTo32, 4096},
                           {1, 1, std::size_t{1} << 63},
                           {1, 2, std::size_t{1} << 62}};
  for (const Row& row : kRows) {
    EXPECT_THROW(
        SlotPool({.slot_bytes = row.slot_bytes, .slots = row.slots, .alignment = row.alignment}),
        std::bad_array_new_length)
        << row.slot_bytes << " x " << row.slots << ", " << row.alignment;
  }
}

TEST(PoolOptions, more_than_the_address_space_is_bad_alloc) {
  EXPECT_THROW(SlotPool({.slot_bytes = std::size_t{1} << 30, .slots = kTwoTo32}), std::bad_alloc);
}

TEST(PoolOptions, every_slot_has_the_alignment_that_was_asked_for) {
  for (std::size_t alignment = 1; alignment <= 2 * kMiB; alignment *= 2) {
    SlotPool pool({.slot_bytes = 24, .slots = 3, .alignment = alignment});
    EXPECT_EQ(pool.slot_bytes(), (24 + alignment - 1) / alignment * alignment);
    const std::vector<void*> all = take_all(pool);
    ASSERT_EQ(all.size(), 3u);
    for (const void* const slot : all) EXPECT_EQ(number(slot) % alignment, 0u) << alignment;
    give_all(pool, all);
  }
}

TEST(PoolOptions, the_alignment_is_honoured_with_memory_from_a_resource) {
  WatchedResource region;
  for (const std::size_t alignment : {1u, 64u, 4096u, 65536u}) {
    SlotPool pool({.slot_bytes = 24, .slots = 3, .alignment = alignment, .region = &region});
    void* const slot = pool.allocate();
    EXPECT_EQ(number(slot) % alignment, 0u) << alignment;
    pool.deallocate(slot);
  }
}

TEST(PoolOptions, the_natural_alignment_divides_the_slot_and_adds_nothing_to_it) {
  struct Row {
    std::size_t slot_bytes;
    std::size_t alignment;
  };
  constexpr Row kRows[] = {{1, 1},   {3, 1},       {8, 8},        {24, 8},
                           {100, 4}, {4096, 4096}, {65536, 4096}, {100000, 32}};
  for (const Row& row : kRows) {
    SlotPool pool({.slot_bytes = row.slot_bytes, .slots = 5});
    EXPECT_EQ(pool.slot_bytes(), row.slot_bytes);
    const std::vector<void*> all = take_all(pool);
    for (const void* const slot : all) EXPECT_EQ(number(slot) % row.alignment, 0u);
    give_all(pool, all);
  }
}

TEST(PoolOptions, upstream_serves_with_the_alignment_of_a_slot) {
  for (std::size_t alignment = 1; alignment <= 2 * kMiB; alignment *= 2) {
    WatchedResource upstream;
    SlotPool pool({.slot_bytes = 24, .slots = 0, .alignment = alignment, .upstream = &upstream});
    void* const block = pool.allocate();
    EXPECT_EQ(number(block) % alignment, 0u) << alignment;
    EXPECT_TRUE(upstream.owns(static_cast<std::byte*>(block) + pool.slot_bytes() - 1));
    pool.deallocate(block);
  }
}

// --- Large pools, mapped and not touched.

/// A tool that marks free slots would write its marks for gibibytes of them.
bool marks_would_fill_the_memory(std::size_t bytes) {
  return annotate::kEnabled && bytes > std::size_t{1} << 30;
}

class LargeSlotPool : public ::testing::TestWithParam<PoolShape> {
 protected:
  void SetUp() override {
    if (marks_would_fill_the_memory(GetParam().slot_bytes)) {
      GTEST_SKIP() << "too large for a build that marks free slots";
    }
    try {
      pool_.emplace(GetParam().make());
    } catch (const std::bad_alloc&) {
      GTEST_SKIP() << "the system refuses so much address space: " << GetParam().slots
                   << " slots of " << GetParam().slot_bytes << " bytes";
    }
  }
  std::optional<SlotPool> pool_;
};

INSTANTIATE_TEST_SUITE_P(Slots, LargeSlotPool,
                         ::testing::Values(PoolShape{"many_of_1_byte", 1, 1 << 20},
                                           PoolShape{"many_of_8_KiB", 8192, 1 << 20},
                                           PoolShape{"of_4_GiB", std::size_t{1} << 32, 8},
                                           PoolShape{"one_less_than_2_to_32", 1, kTwoTo32 - 1},
                                           PoolShape{"two_to_32", 1, kTwoTo32}),
                         ::testing::PrintToStringParamName());

TEST_P(LargeSlotPool, its_slots_are_taken_and_given_back) {
  EXPECT_EQ(pool_->slots(), GetParam().slots);
  void* const first = pool_->allocate();
  EXPECT_EQ(to_number(pool_->index_of(first)), 0u);
  void* const run = pool_->allocate_run(3);
  EXPECT_TRUE(pool_->owns(run));
  pool_->deallocate_run(run, 3);
  pool_->deallocate(first);
  EXPECT_EQ(pool_->stats().taken_slots, 0u);
}

TEST_P(LargeSlotPool, the_last_slot_is_where_it_should_be) {
  void* const first = pool_->allocate();
  const std::uint64_t last_slot = pool_->slots() - 1;
  auto* const last = static_cast<std::byte*>(slot_after(*pool_, first, last_slot));
  EXPECT_TRUE(pool_->owns(last + pool_->slot_bytes() - 1));
  EXPECT_FALSE(pool_->owns(last + pool_->slot_bytes()));
  EXPECT_EQ(to_number(pool_->index_of(last)), last_slot);
  const Unwatched unwatched;  // it is nobody's, but it is mapped
  last[pool_->slot_bytes() - 1] = std::byte{1};
  EXPECT_EQ(last[pool_->slot_bytes() - 1], std::byte{1});
}

TEST(PoolOptions, slots_beyond_four_gibibytes_are_used) {
  constexpr std::uint64_t kSlots = 1 << 20;
  constexpr std::size_t kBytes = 8192;
  if (marks_would_fill_the_memory(kSlots * kBytes)) {
    GTEST_SKIP() << "too large for a build that marks free slots";
  }
  std::optional<SlotPool> pool;
  try {
    pool.emplace(SlotPoolOptions{.slot_bytes = kBytes, .slots = kSlots});
  } catch (const std::bad_alloc&) {
    GTEST_SKIP() << "the system refuses 8 GiB of address space";
  }
  auto* const run = static_cast<std::byte*>(pool->allocate_run(kSlots - 1));
  auto* const last = static_cast<std::byte*>(pool->try_allocate());
  ASSERT_EQ(last, run + (kSlots - 1) * kBytes);
  last[kBytes - 1] = std::byte{1};
  EXPECT_EQ(pool->try_allocate(), nullptr);
  pool->deallocate(last);
  pool->deallocate_run(run, kSlots - 1);
  EXPECT_EQ(pool->stats().taken_slots, 0u);
}

// --- Memory from a resource, and storage of the caller.

TEST(SlotPoolRegion, one_block_is_taken_at_construction_and_given_back_at_the_end) {
  WatchedResource region;
  {
    SlotPool pool({.slot_bytes = 1000, .slots = 5000, .region = &region});
    EXPECT_TRUE(has_every_slot_once(pool));
    EXPECT_EQ(region.calls(), 1u);
    EXPECT_EQ(region.live_blocks(), 1u);
  }
  EXPECT_EQ(region.live_blocks(), 0u);
}

TEST(SlotPoolRegion, the_exception_of_the_resource_is_passed_on) {
  WatchedResource region;
  region.fail_at(1);
  EXPECT_THROW(SlotPool({.slots = 1, .region = &region}), std::bad_alloc);
  EXPECT_EQ(region.live_blocks(), 0u);
}

TEST(SlotPoolRegion, memory_that_is_not_zero_makes_a_pool_that_is_free) {
  std::vector<std::byte> storage(100'000, std::byte{0xFF});
  std::pmr::monotonic_buffer_resource region(storage.data(), storage.size(),
                                             std::pmr::null_memory_resource());
  SlotPool pool({.slot_bytes = 100, .slots = 500, .region = &region});
  EXPECT_EQ(pool.stats().free_slots, 500u);
  EXPECT_TRUE(has_every_slot_once(pool));
}

}  // namespace
}  // namespace bufferpool::test
