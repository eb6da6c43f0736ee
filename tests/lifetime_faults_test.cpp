// Pools, buffers, slices and threads that end, or move, while others still use what they had.
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/pool_resource.hpp"
#include "support/blocks.hpp"
#include "support/bytes.hpp"
#include "support/handoff.hpp"
#include "support/message.hpp"
#include "support/slots.hpp"
#include "support/threads.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::test {
namespace {

// --- After the pool's death.

/// Of a pool that was mapped, where nothing is now, or came from the heap, which has the memory again.
[[nodiscard]] void* slot_of_a_dead_pool(std::uint64_t slots) {
  SlotPool pool({.slot_bytes = 4096, .slots = slots});
  return pool.allocate();
}
constexpr std::uint64_t kSlotsOfDeadPools[] = {64, 1024};

class DeadPoolDeathTest : public ::testing::TestWithParam<bool> {
 protected:
  /// Whatever is not the pool's is looked at only if upstream has served a
  /// block that is out.
  void SetUp() override {
    if (GetParam()) upstreams_ = pool_.allocate_run(pool_.slots() + 1);
  }
  void TearDown() override {
    if (GetParam()) pool_.deallocate_run(upstreams_, pool_.slots() + 1);
  }
  SlotPool pool_{{.slot_bytes = 4096, .slots = 128}};
  void* upstreams_ = nullptr;
};

INSTANTIATE_TEST_SUITE_P(UpstreamBlocks, DeadPoolDeathTest, ::testing::Bool(),
                         ::testing::PrintToStringParamName());

TEST_P(DeadPoolDeathTest, its_slot_is_foreign_to_another_pool) {
  for (const std::uint64_t slots : kSlotsOfDeadPools) {
    void* const slot = slot_of_a_dead_pool(slots);
    EXPECT_DEATH(pool_.deallocate(slot), "is not from this pool, or already free");
    EXPECT_DEATH(pool_.deallocate_run(slot, 3), "is not from this pool, or already free");
  }
}

TEST_P(DeadPoolDeathTest, its_slot_is_foreign_to_a_resource) {
  PoolResource memory(pool_);
  void* const block = GetParam() ? memory.allocate(1'000'000) : nullptr;
  for (const std::uint64_t slots : kSlotsOfDeadPools) {
    void* const slot = slot_of_a_dead_pool(slots);
    EXPECT_DEATH(memory.deallocate(slot, 4096), "not from this resource, or given back already");
  }
  if (GetParam()) memory.deallocate(block, 1'000'000);
}

TEST(DeadPool, slices_that_other_threads_drop_after_it_give_its_memory_back) {
  WatchedResource region;
  std::vector<std::optional<Slice>> slices;
  {
    BufferPool buffer(SlotPool({.slot_bytes = 256, .slots = 128, .region = &region}));
    for (std::uint64_t i = 0; i < 200; ++i) slices.emplace_back(frozen_pattern(buffer, 100, i));
  }
  ASSERT_EQ(region.live_blocks(), 1U);
  on_threads(4, [&](int thread) {
    for (auto i = static_cast<std::size_t>(thread); i < slices.size(); i += 4) {
      if (i == 77) continue;
      ASSERT_TRUE(holds_pattern(*slices[i], i));
      slices[i].reset();
    }
  });
  EXPECT_EQ(region.live_blocks(), 1U);  // one slice is enough to keep it
  EXPECT_TRUE(holds_pattern(*slices[77], 77));
  slices[77].reset();
  EXPECT_EQ(region.live_blocks(), 0U);
}

// --- Moves.

TEST(MovedPool, slices_that_other_threads_read_meanwhile_stay_whole) {
  SlotPool pool({.slot_bytes = 1024, .slots = 128});
  BufferPool buffer(pool);
  Handoff<Slice> queue(64);
  std::thread reader([&] {
    while (const std::optional<Slice> slice = queue.take()) EXPECT_TRUE(is_whole(*slice));
  });
  for (std::uint64_t message = 0; message < 20'000; ++message) {
    append_message(buffer, message, message % 300);
    BufferPool moved_buffer = std::move(buffer);
    SlotPool moved_pool = std::move(pool);
    queue.put(moved_buffer.freeze());
    pool = std::move(moved_pool);
    buffer = std::move(moved_buffer);
  }
  queue.close();
  reader.join();
  buffer = BufferPool(0);
  EXPECT_EQ(pool.stats().taken_slots, 0U);
  EXPECT_TRUE(has_every_slot_once(pool));
}

// --- A thread's end.

TEST(ThreadEnd, with_a_full_magazine_loses_no_slot) {
  SlotPool pool({.slot_bytes = 64, .slots = 1024});
  std::vector<void*> slots;
  on_a_thread_that_ends([&] {
    slots = take_all(pool);
    while (pool.stats().cached_slots < 64 && slots.size() > 512) {
      pool.deallocate(slots.back());
      slots.pop_back();
    }
    EXPECT_EQ(pool.stats().cached_slots, 64U);  // the most
  });
  EXPECT_EQ(pool.stats().cached_slots, 0U);
  give_all(pool, slots);
  EXPECT_TRUE(has_every_slot_once(pool));
}

TEST(ThreadEnd, with_full_magazines_of_every_class_loses_no_block) {
  PoolResource memory(SlotPool({.slots = 64, .upstream = std::pmr::null_memory_resource()}));
  const auto serves = [&memory](std::size_t bytes) {
    const std::vector<void*> all = take_all_blocks(memory, bytes);
    free_all_blocks(memory, all, bytes);
    return all.size();
  };
  const std::size_t most_of_64 = serves(64);
  const std::size_t most_of_5000 = serves(5000);
  on_a_thread_that_ends([&] {
    for (std::size_t bytes = 8; bytes <= 64 * 1024; bytes *= 2) {
      std::vector<void*> blocks;
      for (int i = 0; i < 8; ++i) blocks.push_back(memory.allocate(bytes));
      for (void* const block : blocks) memory.deallocate(block, bytes);
    }
  });
  EXPECT_EQ(serves(64), most_of_64);
  EXPECT_EQ(serves(5000), most_of_5000);
}

TEST(ThreadEnd, ends_thread_local_buffers_and_their_slices_whatever_was_made_first) {
  SlotPool pool({.slot_bytes = 256, .slots = 128});
  on_a_thread_that_ends([&pool] {
    static thread_local std::vector<Slice> before;  // destroyed after the thread's magazine
    static_cast<void>(before.size());
    static thread_local BufferPool buffer(pool);
    static thread_local std::vector<Slice> after;
    for (std::uint64_t i = 0; i < 50; ++i) {
      (i % 2 == 0 ? before : after).push_back(frozen_pattern(buffer, 100, i));
    }
    append(buffer, "half a message");
  });
  EXPECT_EQ(pool.stats().taken_slots, 0U);
  EXPECT_TRUE(has_every_slot_once(pool));
}

}  // namespace
}  // namespace bufferpool::test
