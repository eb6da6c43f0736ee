// What buffers and resources take from a pool, past its handle: leases, runs and slots by the word.
#include "bufferpool/pool_core.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/annotate.hpp"
#include "bufferpool/bits.hpp"
#include "bufferpool/slot_pool.hpp"
#include "support/bytes.hpp"
#include "support/slots.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::detail {
namespace {

using test::WatchedResource;

constexpr std::size_t kSlotBytes = 256;
constexpr std::uint64_t kSlots = 200;

class PoolCoreTest : public ::testing::Test {
 protected:
  ~PoolCoreTest() override {
    EXPECT_EQ(core_.stats().taken_slots, 0U);
    EXPECT_TRUE(test::has_every_slot_once(pool_));
  }

  SlotPool pool_{{.slot_bytes = kSlotBytes, .slots = kSlots}};
  PoolCore& core_ = pool_.core();
};

TEST_F(PoolCoreTest, the_last_reference_gives_the_region_back) {
  WatchedResource region;
  PoolCore* const core = PoolCore::create({.slot_bytes = 64, .slots = 8, .region = &region});
  core->retain();
  core->release();
  EXPECT_EQ(region.live_blocks(), 1U);
  core->release();
  EXPECT_EQ(region.live_blocks(), 0U);
}

TEST_F(PoolCoreTest, no_two_have_the_same_id) {
  std::set<std::uint64_t> ids;
  for (int i = 0; i < 10; ++i) ids.insert(SlotPool({.slot_bytes = 64, .slots = 8}).core().id());
  EXPECT_EQ(ids.size(), 10U);
}

TEST_F(PoolCoreTest, a_lease_is_a_run_that_is_written_and_holds_the_pool) {
  WatchedResource region;
  Chunk* chunk = nullptr;
  PoolCore* core = nullptr;
  {
    SlotPool pool({.slot_bytes = kSlotBytes, .slots = 8, .region = &region});
    core = &pool.core();
    chunk = core->try_lease(3);
    ASSERT_NE(chunk, nullptr);
    EXPECT_EQ(core->stats().taken_slots, 3U);
  }
  EXPECT_EQ(region.live_blocks(), 1U);
  const std::span<std::byte> bytes(core->data_of(*chunk), 3 * kSlotBytes);
  annotate::unpoison(bytes.data(), bytes.size());
  test::write_pattern(bytes, 1);
  EXPECT_TRUE(test::holds_pattern(bytes, 1));
  core->end_lease(*chunk);
  EXPECT_EQ(region.live_blocks(), 0U);
}

TEST_F(PoolCoreTest, a_lease_grows_while_what_is_behind_it_is_free) {
  Chunk* const chunk = core_.try_lease(1);
  ASSERT_NE(chunk, nullptr);
  std::byte* const data = core_.data_of(*chunk);
  EXPECT_TRUE(core_.try_extend_lease(*chunk, 4));
  EXPECT_EQ(core_.data_of(*chunk), data);
  EXPECT_EQ(core_.stats().taken_slots, 5U);
  EXPECT_FALSE(core_.try_extend_lease(*chunk, kSlots));
  EXPECT_EQ(core_.stats().taken_slots, 5U);
  core_.end_lease(*chunk);
}

TEST_F(PoolCoreTest, a_lease_is_never_upstreams) {
  EXPECT_EQ(core_.try_lease(kSlots + 1), nullptr);
  EXPECT_EQ(core_.stats().served_by_upstream, 0U);
}

TEST_F(PoolCoreTest, slots_by_the_word_are_runs_of_one) {
  const AtomicBitmap::Claim slots = core_.try_allocate_slots(64, Holder::caller);
  const auto count = static_cast<std::uint64_t>(std::popcount(slots.mask));
  EXPECT_GE(count, 1U);
  EXPECT_EQ(core_.stats().taken_slots, count);
  for (std::uint64_t bit = 0; bit < bits::kWordBits; ++bit) {
    if ((slots.mask & bits::bit_of(bit)) == 0) continue;
    pool_.deallocate(core_.address_of(slots.word * bits::kWordBits + bit));
  }
}

TEST_F(PoolCoreTest, slots_by_the_word_go_back_at_once) {
  const AtomicBitmap::Claim slots = core_.try_allocate_slots(64, Holder::caller);
  EXPECT_NE(slots.mask, 0U);
  core_.deallocate_slots(slots, Holder::caller);
}

TEST_F(PoolCoreTest, a_run_gives_its_end_back_and_keeps_its_bytes) {
  auto* const run = static_cast<std::byte*>(core_.try_allocate_run(10));
  ASSERT_NE(run, nullptr);
  test::write_pattern({run, 10 * kSlotBytes}, 3);
  core_.shrink_run(run, 10, 4);
  EXPECT_EQ(core_.stats().taken_slots, 4U);
  EXPECT_TRUE(test::holds_pattern(std::span(run, 4 * kSlotBytes), 3));
  core_.deallocate_run(run, 4);
}

TEST_F(PoolCoreTest, a_run_that_is_committed_stays_free) {
  EXPECT_TRUE(core_.try_commit_run(20));
  EXPECT_EQ(core_.stats().taken_slots, 0U);
  EXPECT_FALSE(core_.try_commit_run(kSlots + 1));
}

TEST_F(PoolCoreTest, it_knows_whether_a_slot_is_free) {
  EXPECT_TRUE(core_.has_free_slot());
  const std::vector<void*> all = test::take_all(pool_);
  EXPECT_FALSE(core_.has_free_slot());
  test::give_all(pool_, all);
  EXPECT_TRUE(core_.has_free_slot());
}

}  // namespace
}  // namespace bufferpool::detail
