// What must not be done with a pool, and what it says then. Each ends the process in every build.
#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory_resource>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/failure.hpp"
#include "bufferpool/slot_pool.hpp"
#include "support/slots.hpp"
#include "support/threads.hpp"

namespace bufferpool::test {
namespace {

/// With 8 slots the bitmap tells a double release, with 1,024 the word beside the slot does.
class SlotPoolMisuseDeathTest : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  /// What a message about this pool begins with.
  [[nodiscard]] std::string about(const std::string& rest) const {
    return "bufferpool: pool " + std::to_string(pool_.core().id()) + " \\(" +
           std::to_string(GetParam()) + " slots of 100 bytes\\): 0x[0-9a-f]+" + rest;
  }
  SlotPool pool_{{.slot_bytes = 100, .slots = GetParam()}};
};

INSTANTIATE_TEST_SUITE_P(Slots, SlotPoolMisuseDeathTest, ::testing::Values(8, 1024),
                         ::testing::PrintToStringParamName());

constexpr const char* kForeign = " is not from this pool, or already free";

TEST_P(SlotPoolMisuseDeathTest, a_second_release_is_reported) {
  void* const slot = pool_.allocate();
  void* const neighbour = pool_.allocate();
  pool_.deallocate(slot);
  EXPECT_DEATH(pool_.deallocate(slot), about(": slot 0 is already free"));
  pool_.deallocate(neighbour);
}

TEST_P(SlotPoolMisuseDeathTest, a_second_release_is_reported_when_the_slot_is_back_in_the_bitmap) {
  const std::vector<void*> all = take_all(pool_);
  give_all(pool_, all);
  for (const std::size_t slot : {std::size_t{0}, std::size_t{5}, all.size() - 1}) {
    EXPECT_DEATH(pool_.deallocate(slot_after(pool_, all[0], slot)),
                 about(": slot " + std::to_string(slot) + " is already free"));
  }
}

TEST_P(SlotPoolMisuseDeathTest, a_second_release_by_another_thread_is_reported) {
  void* const slot = pool_.allocate();
  pool_.deallocate(slot);
  EXPECT_DEATH(std::thread([&] { pool_.deallocate(slot); }).join(),
               about(": slot 0 is already free"));
}

TEST_P(SlotPoolMisuseDeathTest, a_second_release_of_what_another_thread_released_is_reported) {
  void* const slot = pool_.allocate();
  std::thread([&] { pool_.deallocate(slot); }).join();
  EXPECT_DEATH(pool_.deallocate(slot), about(": slot 0 is already free"));
}

/// Two threads give the same block back at the same time.
void release_twice_at_once(SlotPool& pool, void* block, std::uint64_t slots) {
  on_threads(2, [&](int) { pool.deallocate_run(block, slots); });
}

TEST_P(SlotPoolMisuseDeathTest, two_releases_at_once_are_reported) {
  EXPECT_DEATH(release_twice_at_once(pool_, pool_.allocate(), 1),
               "pool [0-9]+.*slot.*(is already free|was given back twice)");
  EXPECT_DEATH(release_twice_at_once(pool_, pool_.allocate_run(3), 3),
               "pool [0-9]+.*slot.*(is already free|was given back twice)");
}

TEST_P(SlotPoolMisuseDeathTest, two_releases_of_an_upstream_block_at_once_are_reported) {
  const std::uint64_t slots = pool_.slots() + 1;
  for (int round = 0; round < 10; ++round) {
    EXPECT_DEATH(release_twice_at_once(pool_, pool_.allocate_run(slots), slots), about(kForeign));
  }
}

TEST_P(SlotPoolMisuseDeathTest, the_release_of_a_slot_that_was_never_taken_is_reported) {
  void* const slot = pool_.allocate();
  EXPECT_DEATH(pool_.deallocate(slot_after(pool_, slot, 6)), about(": slot 6 is already free"));
  EXPECT_DEATH(pool_.deallocate_run(slot_after(pool_, slot, 3), 3),
               about(": slot 3 is already free"));
}

TEST_P(SlotPoolMisuseDeathTest, a_pointer_into_a_slot_is_reported) {
  void* const slot = pool_.allocate();
  EXPECT_DEATH(pool_.deallocate(static_cast<std::byte*>(slot) + 1),
               about(" lies 1 bytes inside slot 0; pass the pointer"));
  EXPECT_DEATH(pool_.deallocate(static_cast<std::byte*>(slot) + 99),
               about(" lies 99 bytes inside slot 0"));
  EXPECT_DEATH(pool_.deallocate_run(static_cast<std::byte*>(slot) + 204, 2),
               about(" lies 4 bytes inside slot 2"));
  EXPECT_DEATH(static_cast<void>(pool_.try_extend(static_cast<std::byte*>(slot) + 4, 1, 2)),
               about(" lies 4 bytes inside slot 0"));
}

TEST_P(SlotPoolMisuseDeathTest, a_foreign_pointer_is_reported) {
  alignas(64) char local[256] = {};
  const std::vector<char> heap(256);
  SlotPool other({.slot_bytes = 100, .slots = 8});
  void* const slot = pool_.allocate();
  EXPECT_DEATH(pool_.deallocate(local + 64), about(kForeign));
  EXPECT_DEATH(pool_.deallocate(const_cast<char*>(heap.data()) + 128), about(kForeign));
  EXPECT_DEATH(pool_.deallocate(other.allocate()), about(kForeign));
  EXPECT_DEATH(pool_.deallocate(slot_after(pool_, slot, pool_.slots())), about(kForeign));
  EXPECT_DEATH(pool_.deallocate(static_cast<std::byte*>(slot) - 100), about(kForeign));
  EXPECT_DEATH(pool_.deallocate_run(local, 2), about(kForeign));
}

TEST_P(SlotPoolMisuseDeathTest, a_foreign_pointer_is_reported_while_upstream_blocks_are_alive) {
  void* const block = pool_.allocate_run(pool_.slots() + 1);
  alignas(64) char local[256] = {};
  EXPECT_DEATH(pool_.deallocate(local + 64), about(kForeign));
  EXPECT_DEATH(pool_.deallocate_run(local + 64, pool_.slots() + 1), about(kForeign));
  pool_.deallocate_run(block, pool_.slots() + 1);
}

TEST_P(SlotPoolMisuseDeathTest, the_growth_of_what_is_not_the_pools_is_reported) {
  alignas(64) std::byte local[256] = {};
  SlotPool other({.slot_bytes = 100, .slots = 8});
  const auto extend = [&](void* pointer, std::uint64_t slots) {
    return pool_.try_extend(pointer, slots, slots + 1);
  };
  EXPECT_DEATH(extend(local + 64, 1), about(kForeign));
  EXPECT_DEATH(extend(other.allocate(), 1), about(kForeign));
  EXPECT_DEATH(extend(nullptr, 1), "is not from this pool");
  const std::uint64_t slots = pool_.slots() + 1;
  void* const block = pool_.allocate_run(slots);
  EXPECT_FALSE(extend(block, slots));
  EXPECT_DEATH(extend(local + 64, 1), about(kForeign));
  EXPECT_DEATH(extend(static_cast<std::byte*>(block) + 16, slots), about(kForeign));
  pool_.deallocate_run(block, slots);
  EXPECT_DEATH(extend(block, slots), about(kForeign));
}

TEST_P(SlotPoolMisuseDeathTest, a_null_pointer_is_reported) {
  EXPECT_DEATH(pool_.deallocate(nullptr), "is not from this pool");
  void* const block = pool_.allocate_run(pool_.slots() + 1);
  EXPECT_DEATH(pool_.deallocate(nullptr), "is not from this pool");
  pool_.deallocate_run(block, pool_.slots() + 1);
}

TEST_P(SlotPoolMisuseDeathTest, a_pointer_behind_an_unmapped_page_is_reported) {
  void* const block = pool_.allocate_run(pool_.slots() + 1);
  void* const pages =
      ::mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(pages, MAP_FAILED);
  ASSERT_EQ(::munmap(pages, 4096), 0);
  EXPECT_DEATH(pool_.deallocate(static_cast<char*>(pages) + 4096), about(kForeign));
  ::munmap(static_cast<char*>(pages) + 4096, 4096);
  pool_.deallocate_run(block, pool_.slots() + 1);
}

TEST_P(SlotPoolMisuseDeathTest, a_second_release_of_an_upstream_block_is_reported) {
  void* const first = pool_.allocate_run(pool_.slots() + 1);
  void* const second = pool_.allocate_run(pool_.slots() + 1);
  pool_.deallocate_run(first, pool_.slots() + 1);
  EXPECT_DEATH(pool_.deallocate_run(first, pool_.slots() + 1), about(kForeign));
  pool_.deallocate_run(second, pool_.slots() + 1);
}

TEST(SlotPoolUpstreamMisuseDeathTest, a_second_release_of_a_block_that_was_unmapped_is_reported) {
  SlotPool pool({.slot_bytes = 64 * 1024 * 1024, .slots = 0});
  void* const first = pool.allocate();
  void* const second = pool.allocate();
  pool.deallocate(first);
  EXPECT_DEATH(pool.deallocate(first), "is not from this pool, or already free");
  pool.deallocate(second);
}

TEST_P(SlotPoolMisuseDeathTest, a_block_of_another_pools_upstream_is_reported) {
  SlotPool other({.slot_bytes = 100, .slots = 0});
  void* const of_other = other.allocate();
  void* const own = pool_.allocate_run(pool_.slots() + 1);
  EXPECT_DEATH(pool_.deallocate(of_other), about(kForeign));
  pool_.deallocate_run(own, pool_.slots() + 1);
  other.deallocate(of_other);
}

TEST_P(SlotPoolMisuseDeathTest, a_wrong_length_of_an_upstream_block_is_reported) {
  const std::uint64_t length = pool_.slots() + 1;
  void* const block = pool_.allocate_run(length);
  // 2^62 slots more are 100 x 2^62 = 0 bytes more, modulo 2^64.
  for (const std::uint64_t wrong :
       {std::uint64_t{1}, length - 1, length + 1, length + (std::uint64_t{1} << 62)}) {
    const std::string what = " is a block of " + std::to_string(length * pool_.slot_bytes()) +
                             " bytes from upstream, not of " + std::to_string(wrong) + " slots";
    EXPECT_DEATH(pool_.deallocate_run(block, wrong), about(what));
    EXPECT_DEATH(static_cast<void>(pool_.try_extend(block, wrong, wrong + 1)), about(what));
  }
  pool_.deallocate_run(block, length);
}

TEST_P(SlotPoolMisuseDeathTest, a_wrong_length_of_a_run_is_reported) {
  void* const run = pool_.allocate_run(4);
  EXPECT_DEATH(pool_.deallocate_run(run, 3),
               about(": slot 0 begins a run of 4 slots, not of 3; pass the length"));
  EXPECT_DEATH(pool_.deallocate_run(run, 5), about(": slot 0 begins a run of 4 slots, not of 5"));
  EXPECT_DEATH(pool_.deallocate(run), about(": slot 0 begins a run of 4 slots, not of 1"));
  EXPECT_DEATH(static_cast<void>(pool_.try_extend(run, 3, 6)),
               about(": slot 0 begins a run of 4 slots, not of 3"));
  pool_.deallocate_run(run, 4);
}

TEST_P(SlotPoolMisuseDeathTest, a_length_that_no_pool_has_is_reported) {
  void* const run = pool_.allocate_run(2);
  void* const free_slot = slot_after(pool_, run, 4);
  for (const std::uint64_t length :
       {std::uint64_t{1} << 62, std::uint64_t{1} << 63, (std::uint64_t{1} << 63) + 1, UINT64_MAX}) {
    EXPECT_DEATH(pool_.deallocate_run(run, length), about(": slot 0 ")) << length;
    EXPECT_DEATH(pool_.deallocate_run(free_slot, length), about(": slot 4 ")) << length;
    EXPECT_DEATH(static_cast<void>(pool_.try_extend(free_slot, length, length)), about(": slot 4 "))
        << length;
  }
  pool_.deallocate_run(run, 2);
}

TEST_P(SlotPoolMisuseDeathTest, the_release_of_a_slot_inside_a_run_is_reported) {
  void* const run = pool_.allocate_run(4);
  EXPECT_DEATH(pool_.deallocate(slot_after(pool_, run, 2)), about(": slot 2 .*inside a run"));
  EXPECT_DEATH(pool_.deallocate_run(slot_after(pool_, run, 1), 3),
               about(": slot 1 .*inside a run"));
  pool_.deallocate_run(run, 4);
}

TEST_P(SlotPoolMisuseDeathTest, a_second_release_of_a_run_is_reported) {
  void* const run = pool_.allocate_run(4);
  pool_.deallocate_run(run, 4);
  EXPECT_DEATH(pool_.deallocate_run(run, 4), about(": slot 0 is already free"));
}

TEST_P(SlotPoolMisuseDeathTest, growing_what_is_free_is_reported) {
  void* const run = pool_.allocate_run(2);
  pool_.deallocate_run(run, 2);
  EXPECT_DEATH(static_cast<void>(pool_.try_extend(run, 2, 3)), about(": slot 0 is already free"));
}

TEST_P(SlotPoolMisuseDeathTest, the_release_of_a_buffers_slot_is_reported) {
  BufferPool buffers(pool_);
  void* const filling = buffers.fill(10).data();
  EXPECT_DEATH(pool_.deallocate(filling), about(": slot 0 holds a buffer's slices"));
  Slice slice = buffers.freeze();
  EXPECT_DEATH(pool_.deallocate(slice.data()), about(": slot 0 holds a buffer's slices"));
  EXPECT_DEATH(pool_.deallocate_run(slice.data(), 3), about(": slot 0 holds a buffer's slices"));
}

TEST_P(SlotPoolMisuseDeathTest, the_release_of_a_slot_whose_buffer_has_gone_is_reported) {
  Slice slice = [this] {
    BufferPool buffers(pool_);
    static_cast<void>(buffers.fill(10));
    return buffers.freeze();
  }();
  EXPECT_DEATH(pool_.deallocate(slice.data()), about(": slot 0 holds a buffer's slices"));
}

TEST_P(SlotPoolMisuseDeathTest, index_of_a_foreign_pointer_is_reported) {
  EXPECT_DEATH(static_cast<void>(pool_.index_of(&pool_)), "index_of.*not an address of this pool");
}

// --- No other slot is harmed. The handler ends the process with 0 if the pool is in order.

SlotPool* misused = nullptr;
void* untouched = nullptr;

void exit_0_if_the_others_are_in_order(const char*) {
  const auto* const bytes = static_cast<const unsigned char*>(untouched);
  bool in_order = misused->stats().taken_slots == 1;
  for (std::size_t i = 0; i < misused->slot_bytes(); ++i) in_order &= bytes[i] == 0x5A;
  const std::vector<void*> others = take_all(*misused);
  in_order &= others.size() == misused->slots() - 1;
  in_order &= count_different_slots(*misused, others) == misused->slots() - 1;
  for (const void* const other : others) in_order &= other != untouched;
  std::_Exit(in_order ? 0 : 1);
}

TEST_P(SlotPoolMisuseDeathTest, no_other_slot_is_harmed) {
  void* const slot = pool_.allocate();
  untouched = pool_.allocate();
  std::memset(untouched, 0x5A, pool_.slot_bytes());
  misused = &pool_;
  pool_.deallocate(slot);
  const auto in_order = ::testing::ExitedWithCode(0);
  const auto watched = [](const auto& misuse) {
    set_failure_handler(&exit_0_if_the_others_are_in_order);
    misuse();
  };
  EXPECT_EXIT(watched([&] { pool_.deallocate(slot); }), in_order, "");
  EXPECT_EXIT(watched([&] { pool_.deallocate(&misused); }), in_order, "");
  EXPECT_EXIT(watched([&] { pool_.deallocate(static_cast<char*>(untouched) + 4); }), in_order, "");
  EXPECT_EXIT(watched([&] { pool_.deallocate_run(untouched, 2); }), in_order, "");
  EXPECT_EXIT(watched([&] { pool_.deallocate_run(slot, 2); }), in_order, "");
}

}  // namespace
}  // namespace bufferpool::test
