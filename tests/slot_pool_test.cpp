// One thread takes slots and gives them back; handles.
#include "bufferpool/slot_pool.hpp"

#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/slots.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::test {
namespace {

constexpr std::uint64_t kCapacities[] = {1, 8, 63, 64, 65, 127, 128, 4095, 4096, 4097};

TEST(SlotPool, gives_every_slot_out_exactly_once) {
  for (const std::uint64_t slots : kCapacities) {
    SlotPool pool({.slot_bytes = 16, .slots = slots});
    const std::vector<void*> all = take_all(pool);
    EXPECT_EQ(all.size(), slots);
    EXPECT_EQ(count_different_slots(pool, all), slots);
    give_all(pool, all);
  }
}

TEST(SlotPool, try_allocate_is_empty_when_every_slot_is_taken) {
  for (const std::uint64_t slots : kCapacities) {
    SlotPool pool({.slot_bytes = 16, .slots = slots});
    const std::vector<void*> all = take_all(pool);
    EXPECT_EQ(pool.try_allocate(), nullptr) << slots;
    pool.deallocate(all.front());
    EXPECT_EQ(pool.try_allocate(), all.front()) << slots;
    give_all(pool, all);
  }
}

TEST(SlotPool, all_slots_can_be_taken_again_in_whatever_order_they_came_back) {
  for (const std::uint64_t slots : kCapacities) {
    SlotPool pool({.slot_bytes = 16, .slots = slots});
    std::vector<void*> all = take_all(pool);
    for (std::size_t i = 0; i < all.size(); ++i) std::swap(all[i], all[i * 7919 % all.size()]);
    give_all(pool, all);
    EXPECT_TRUE(has_every_slot_once(pool)) << slots;
  }
}

TEST(SlotPool, slots_do_not_overlap) {
  for (const std::size_t bytes : {1u, 3u, 8u, 24u, 100u, 4096u, 65536u, 100000u}) {
    SlotPool pool({.slot_bytes = bytes, .slots = 70});
    const std::vector<void*> all = take_all(pool);
    for (std::size_t i = 0; i < all.size(); ++i) std::memset(all[i], static_cast<int>(i), bytes);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto* const slot = static_cast<const unsigned char*>(all[i]);
      EXPECT_EQ(slot[0], i) << bytes;
      EXPECT_EQ(slot[bytes - 1], i) << bytes;
    }
    give_all(pool, all);
  }
}

TEST(SlotPool, a_slot_that_was_just_given_back_is_taken_next) {
  if (annotate::kHardened) GTEST_SKIP() << "in a hardened build it waits in quarantine";
  SlotPool pool({.slot_bytes = 64, .slots = 1024});
  void* const first = pool.allocate();
  void* const second = pool.allocate();
  pool.deallocate(first);
  EXPECT_EQ(pool.allocate(), first);
  give_all(pool, {first, second});
}

TEST(SlotPool, owns_every_address_of_its_slots_and_no_other) {
  for (const std::size_t bytes : {24u, 64u, 100000u}) {
    SlotPool pool({.slot_bytes = bytes, .slots = 10});
    std::byte* const first = static_cast<std::byte*>(pool.allocate_run(10));
    EXPECT_TRUE(pool.owns(first));
    EXPECT_TRUE(pool.owns(first + bytes / 2));
    EXPECT_TRUE(pool.owns(first + 10 * bytes - 1));
    EXPECT_FALSE(pool.owns(first + 10 * bytes));
    EXPECT_FALSE(pool.owns(first - 1));
    EXPECT_FALSE(pool.owns(nullptr));
    EXPECT_FALSE(pool.owns(&pool));
    pool.deallocate_run(first, 10);
  }
}

TEST(SlotPool, index_of_counts_slots_by_address) {
  for (const std::size_t bytes : {1u, 3u, 24u, 4096u, 100000u}) {
    SlotPool pool({.slot_bytes = bytes, .slots = 10});
    std::byte* const first = static_cast<std::byte*>(pool.allocate_run(10));
    for (std::size_t slot = 0; slot < 10; ++slot) {
      EXPECT_EQ(to_number(pool.index_of(first + slot * bytes)), slot) << bytes;
      EXPECT_EQ(to_number(pool.index_of(first + slot * bytes + bytes - 1)), slot) << bytes;
    }
    pool.deallocate_run(first, 10);
  }
}

TEST(SlotPool, tells_what_it_was_made_with) {
  WatchedResource upstream;
  const SlotPool pool({.slot_bytes = 100, .slots = 77, .alignment = 8, .upstream = &upstream});
  EXPECT_EQ(pool.slot_bytes(), 104u);
  EXPECT_EQ(pool.slots(), 77u);
  EXPECT_EQ(pool.upstream_resource(), &upstream);
}

TEST(SlotPool, the_heap_is_the_upstream_by_default) {
  EXPECT_EQ(SlotPool({.slots = 1}).upstream_resource(), std::pmr::new_delete_resource());
}

// --- Handles. The region shows when the pool ends.

class SlotPoolHandle : public ::testing::Test {
 protected:
  [[nodiscard]] SlotPool make() {
    return SlotPool({.slot_bytes = 8, .slots = 8, .region = &region_});
  }
  WatchedResource region_;
};

TEST_F(SlotPoolHandle, the_pool_ends_with_its_only_handle) {
  {
    const SlotPool pool = make();
    EXPECT_EQ(region_.live_blocks(), 1u);
  }
  EXPECT_EQ(region_.live_blocks(), 0u);
}

TEST_F(SlotPoolHandle, a_copy_names_the_same_pool_and_keeps_it) {
  std::optional<SlotPool> first(make());
  SlotPool second = *first;
  EXPECT_EQ(second, *first);
  void* const slot = first->allocate();
  first.reset();
  EXPECT_EQ(region_.live_blocks(), 1u);
  second.deallocate(slot);
  EXPECT_EQ(second.stats().taken_slots, 0u);
}

TEST_F(SlotPoolHandle, pools_of_the_same_kind_are_different) { EXPECT_NE(make(), make()); }

TEST_F(SlotPoolHandle, a_handle_that_was_moved_from_is_empty) {
  SlotPool first = make();
  const SlotPool second = std::move(first);
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move)
  EXPECT_TRUE(second);
}

TEST_F(SlotPoolHandle, a_handle_that_was_moved_from_may_be_assigned_copied_and_destroyed) {
  SlotPool first = make();
  SlotPool second = std::move(first);
  SlotPool copy_of_none = first;  // NOLINT(bugprone-use-after-move)
  EXPECT_FALSE(copy_of_none);
  copy_of_none = std::move(first);
  first = second;
  EXPECT_EQ(first, second);
  EXPECT_NE(first.try_allocate(), nullptr);
}

TEST_F(SlotPoolHandle, assignment_lets_the_pool_before_go) {
  SlotPool pool = make();
  pool = make();
  EXPECT_EQ(region_.live_blocks(), 1u);
  EXPECT_NE(pool.try_allocate(), nullptr);
}

TEST_F(SlotPoolHandle, assignment_to_itself_changes_nothing) {
  SlotPool pool = make();
  SlotPool& same = pool;
  pool = same;
  EXPECT_TRUE(pool);
  pool = std::move(same);
  EXPECT_TRUE(pool);
  EXPECT_EQ(region_.live_blocks(), 1u);
}

TEST_F(SlotPoolHandle, handles_are_swapped) {
  SlotPool first = make();
  SlotPool second = make();
  const SlotPool was_first = first;
  std::swap(first, second);
  EXPECT_EQ(second, was_first);
  EXPECT_NE(first, was_first);
}

TEST_F(SlotPoolHandle, a_pool_may_end_while_slots_are_taken) {
  {
    SlotPool pool = make();
    static_cast<void>(pool.allocate());
  }
  EXPECT_EQ(region_.live_blocks(), 0u);
}

}  // namespace
}  // namespace bufferpool::test
