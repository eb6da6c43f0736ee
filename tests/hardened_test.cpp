// What a hardened build does beyond any other. Built against a hardened library of its own, whatever the
// build around it is.
#include <sys/wait.h>

#include <csignal>
#include <cstddef>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/pool_resource.hpp"
#include "bufferpool/slot_pool.hpp"

static_assert(bufferpool::annotate::kHardened);

namespace bufferpool::test {
namespace {

constexpr std::size_t kSlotBytes = 4096;

/// Memory may be poisoned, where AddressSanitizer watches: it would be faster to notice.
[[gnu::no_sanitize_address]] [[gnu::noinline]] void write_to(void* at) {
  *static_cast<volatile unsigned char*>(at) = 1;
}

/// A signal; a sanitizer turns it into a report and an exit.
bool dies_of_a_fault(int status) {
  return ::testing::KilledBySignal(SIGSEGV)(status) ||
         (WIFEXITED(status) && WEXITSTATUS(status) != 0);
}

std::vector<void*> take_all(SlotPool& pool) {
  std::vector<void*> all;
  while (void* const slot = pool.try_allocate()) all.push_back(slot);
  return all;
}

TEST(Hardened, a_slot_is_not_had_again_at_once) {
  SlotPool pool({.slot_bytes = kSlotBytes, .slots = 1024});
  void* const slot = pool.allocate();
  pool.deallocate(slot);
  for (int i = 0; i < 31; ++i) {
    void* const next = pool.allocate();
    EXPECT_NE(next, slot);
    pool.deallocate(next);
  }
}

TEST(Hardened, a_block_is_not_had_again_at_once) {
  PoolResource memory(SlotPool({.slot_bytes = 64 * 1024, .slots = 64}));
  memory.deallocate(memory.allocate(100), 100);  // from now on the thread finds its cache at once
  void* const block = memory.allocate(100);
  memory.deallocate(block, 100);
  for (int i = 0; i < 31; ++i) {
    void* const next = memory.allocate(100);
    EXPECT_NE(next, block);
    memory.deallocate(next, 100);
  }
}

TEST(Hardened, slots_in_quarantine_are_free_and_can_be_had) {
  SlotPool pool({.slot_bytes = kSlotBytes, .slots = 64});
  for (int round = 0; round < 3; ++round) {
    const std::vector<void*> all = take_all(pool);
    ASSERT_EQ(all.size(), 64u);
    EXPECT_EQ(pool.stats().taken_slots, 64u);
    for (void* const slot : all) pool.deallocate(slot);
    EXPECT_EQ(pool.stats().taken_slots, 0u);
    EXPECT_EQ(pool.stats().free_slots + pool.stats().cached_slots, 64u);
    EXPECT_EQ(pool.stats().peak_slots, 64u);
  }
}

TEST(Hardened, peak_counts_no_slot_that_only_leaves_quarantine) {
  SlotPool pool({.slot_bytes = kSlotBytes, .slots = 64});
  std::vector<void*> held;
  while (held.size() < 63) held.push_back(pool.try_allocate());
  pool.deallocate(held.back());
  held.back() = pool.try_allocate();
  EXPECT_FALSE(pool.try_extend(held[0], 1, 2));
  EXPECT_EQ(pool.stats().peak_slots, 63u);
}

TEST(Hardened, growing_into_what_is_held_leaves_the_quarantine_alone) {
  SlotPool pool({.slot_bytes = kSlotBytes, .slots = 1024});
  std::vector<void*> held(64);
  for (void*& slot : held) slot = pool.allocate();
  pool.deallocate(held[40]);
  EXPECT_FALSE(pool.try_extend(held[0], 1, 2));
  EXPECT_NE(pool.allocate(), held[40]);
}

TEST(Hardened, a_run_can_be_had_and_grows_over_slots_in_quarantine) {
  SlotPool pool({.slot_bytes = kSlotBytes, .slots = 64});
  for (void* const slot : take_all(pool)) pool.deallocate(slot);
  void* const run = pool.allocate_run(60);
  EXPECT_TRUE(pool.owns(run));
  EXPECT_TRUE(pool.try_extend(run, 60, 64));
  pool.deallocate_run(run, 64);
}

TEST(Hardened, blocks_in_quarantine_do_not_keep_memory_from_other_classes) {
  SlotPool pool(
      {.slot_bytes = kSlotBytes, .slots = 64, .upstream = std::pmr::null_memory_resource()});
  PoolResource memory(pool);
  for (const std::size_t bytes : {64u, 1024u, 4096u}) {
    std::vector<void*> blocks(63 * kSlotBytes / bytes);
    for (void*& block : blocks) block = memory.allocate(bytes);
    for (void* const block : blocks) memory.deallocate(block, bytes);
    EXPECT_EQ(memory.stats().of(bytes).in_use, 0u);
  }
}

TEST(Hardened, what_is_given_back_reads_as_zero_when_it_is_had_again) {
  SlotPool pool({.slot_bytes = kSlotBytes, .slots = 8});
  for (int round = 0; round < 2; ++round) {
    const std::vector<void*> all = take_all(pool);
    for (void* const slot : all) {
      EXPECT_EQ(annotate::find_written(slot, kSlotBytes), kSlotBytes);
      std::memset(slot, 0xAB, kSlotBytes);
    }
    for (void* const slot : all) pool.deallocate(slot);
  }
}

TEST(HardenedDeathTest, a_write_to_a_free_slot_is_reported_when_it_is_had_again) {
  SlotPool pool({.slot_bytes = kSlotBytes, .slots = 8});
  auto* const slot = static_cast<std::byte*>(pool.allocate());
  pool.deallocate(slot);
  EXPECT_DEATH(
      {
        write_to(slot + 123);
        static_cast<void>(take_all(pool));
      },
      "pool [0-9]+ .8 slots of 4096 bytes.: slot 0 was written to while it was free, at byte 123");
}

TEST(HardenedDeathTest, a_write_to_a_dropped_slice_is_reported_when_its_slot_is_had_again) {
  SlotPool pool({.slot_bytes = kSlotBytes, .slots = 8});
  std::byte* dangling = nullptr;
  {
    BufferPool buffer(pool);
    dangling = buffer.fill(10).data();
    static_cast<void>(buffer.freeze());
  }
  EXPECT_DEATH(
      {
        write_to(dangling + 9);
        static_cast<void>(take_all(pool));
      },
      "slot 0 was written to while it was free, at byte 9");
}

TEST(HardenedDeathTest, a_write_to_a_free_block_is_reported_when_it_is_had_again) {
  PoolResource memory(SlotPool({.slot_bytes = 64 * 1024, .slots = 8}));
  auto* const block = static_cast<std::byte*>(memory.allocate(100));
  memory.deallocate(block, 100);
  EXPECT_DEATH(
      {
        write_to(block + 111);
        for (int i = 0; i < 10000; ++i) static_cast<void>(memory.allocate(100));
      },
      "the block of 112 bytes at 0x[0-9a-f]+ was written to while it was free, at byte 111");
}

TEST(HardenedDeathTest, a_write_to_a_free_block_is_reported_when_its_slab_goes_back_to_the_pool) {
  PoolResource memory(SlotPool({.slot_bytes = kSlotBytes, .slots = 256}));
  std::vector<void*> blocks(64);
  for (void*& block : blocks) block = memory.allocate(64);
  for (void* const block : blocks) memory.deallocate(block, 64);
  EXPECT_DEATH(
      {
        write_to(blocks[40]);
        static_cast<void>(memory.allocate(256 * kSlotBytes));
      },
      "slot 0 was written to while it was free");
}

TEST(HardenedDeathTest, a_write_to_a_free_block_is_reported_when_the_resource_gives_all_back) {
  PoolResource memory(SlotPool({.slot_bytes = kSlotBytes, .slots = 256}));
  std::vector<void*> blocks(64);
  for (void*& block : blocks) block = memory.allocate(64);
  for (void* const block : blocks) memory.deallocate(block, 64);
  for (void* const block : {blocks.front(), blocks.back()}) {  // out of quarantine, and in it
    EXPECT_DEATH(
        {
          write_to(block);
          memory.release();
        },
        "the block of 64 bytes at 0x[0-9a-f]+ was written to while it was free, at byte 0");
  }
}

TEST(HardenedDeathTest, what_lies_behind_a_guard_page_is_still_a_foreign_pointer_with_a_name) {
  const detail::Region before = detail::Region::map(std::size_t{1} << 20, 4096);
  SlotPool pool({.slot_bytes = kSlotBytes, .slots = 64});
  static_cast<void>(pool.allocate_run(64));
  void* const of_upstream = pool.allocate();
  EXPECT_DEATH(pool.deallocate(before.data()), "is not from this pool, or already free");
  pool.deallocate(of_upstream);
}

TEST(HardenedDeathTest, a_second_release_of_a_block_in_quarantine_is_reported) {
  PoolResource memory(SlotPool({.slot_bytes = 64 * 1024, .slots = 8}));
  void* const block = memory.allocate(100);
  memory.deallocate(block, 100);
  EXPECT_DEATH(memory.deallocate(block, 100), "is already free");
}

TEST(HardenedDeathTest, an_overrun_past_the_last_slot_ends_the_process) {
  SlotPool pool({.slot_bytes = kSlotBytes, .slots = 64});
  auto* const run = static_cast<std::byte*>(pool.allocate_run(64));
  EXPECT_EXIT(write_to(run + 64 * kSlotBytes), dies_of_a_fault, "");
}

TEST(HardenedDeathTest, an_underrun_before_the_first_slot_ends_the_process) {
  for (const std::size_t alignment : {std::size_t{0}, std::size_t{1}, std::size_t{64} * 1024}) {
    SlotPool pool({.slot_bytes = kSlotBytes, .slots = 64, .alignment = alignment});
    auto* const run = static_cast<std::byte*>(pool.allocate_run(64));
    EXPECT_EXIT(write_to(run - 1), dies_of_a_fault, "") << alignment;
    pool.deallocate_run(run, 64);
  }
}

TEST(HardenedDeathTest, a_small_pool_has_guard_pages_too) {
  SlotPool pool({.slot_bytes = 4096, .slots = 8});
  auto* const run = static_cast<std::byte*>(pool.allocate_run(8));
  EXPECT_EXIT(write_to(run + 8 * 4096), dies_of_a_fault, "");
  EXPECT_EXIT(write_to(run - 1), dies_of_a_fault, "");
}

TEST(HardenedDeathTest, the_pages_around_a_mapping_cannot_be_touched) {
  const detail::Region region = detail::Region::map(std::size_t{3} << 20, std::size_t{1} << 16);
  EXPECT_EXIT(write_to(region.data() - 1), dies_of_a_fault, "");
  EXPECT_EXIT(write_to(region.data() + region.size()), dies_of_a_fault, "");
}

}  // namespace
}  // namespace bufferpool::test
