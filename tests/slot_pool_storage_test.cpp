// A pool in storage of the caller; this program counts what is taken from the heap.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory_resource>
#include <new>
#include <span>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/slot_pool.hpp"
#include "support/slots.hpp"

namespace {
std::atomic<std::uint64_t> heap_calls{0};
}

// clang's runtime for ThreadSanitizer defines these itself, and two definitions do not link.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define THE_HEAP_IS_NOT_COUNTED
#endif
#endif

#if !defined(THE_HEAP_IS_NOT_COUNTED)
namespace {
void* counted(std::size_t bytes, std::size_t alignment) {
  ++heap_calls;
  const std::size_t rounded = (bytes / alignment + 1) * alignment;
  if (void* const block = std::aligned_alloc(alignment, rounded)) return block;
  throw std::bad_alloc();
}
}  // namespace

// Not inlined: gcc would see free() at the end of what began with new, and warn.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  return counted(bytes, alignof(std::max_align_t));
}
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
  std::free(block);
}
#endif

namespace bufferpool::test {
namespace {

TEST(SlotPoolStorage, a_pool_in_it_takes_nothing_from_the_heap) {
#if defined(THE_HEAP_IS_NOT_COUNTED)
  GTEST_SKIP() << "ThreadSanitizer has the heap's functions, which this test would count";
#endif
  std::vector<std::byte> storage(64 * 1024);
  ::operator delete(::operator new(1));  // the counter counts; a new-expression might be left out
  const std::uint64_t before = heap_calls;
  ASSERT_NE(before, 0u);
  {
    SlotPool pool({.slot_bytes = 256, .upstream = std::pmr::null_memory_resource()}, storage);
    void* slots[500] = {};
    std::size_t taken = 0;
    while (void* const slot = pool.try_allocate()) slots[taken++] = slot;
    while (taken != 0) pool.deallocate(slots[--taken]);
    pool.deallocate_run(pool.allocate_run(70), 70);
  }
  EXPECT_EQ(heap_calls, before);
}

TEST(SlotPoolStorage, a_pool_with_memory_from_a_resource_takes_nothing_else_from_the_heap) {
#if defined(THE_HEAP_IS_NOT_COUNTED)
  GTEST_SKIP() << "ThreadSanitizer has the heap's functions, which this test would count";
#endif
  std::vector<std::byte> storage(64 * 1024);
  std::pmr::monotonic_buffer_resource region(storage.data(), storage.size(),
                                             std::pmr::null_memory_resource());
  const std::uint64_t before = heap_calls;
  {
    SlotPool pool({.slot_bytes = 100, .slots = 100, .region = &region});
    pool.deallocate(pool.allocate());
  }
  EXPECT_EQ(heap_calls, before);
}

TEST(SlotPoolStorage, holds_as_many_slots_as_the_documentation_says) {
  for (const std::size_t bytes : {1u, 64u, 1000u, 4096u}) {
    for (const std::size_t slots : {1u, 63u, 64u, 1000u, 10'000u}) {
      std::vector<std::byte> storage(2048 + bytes + slots * (bytes + 35));
      SlotPool pool({.slot_bytes = bytes, .alignment = 1}, storage);
      EXPECT_GE(pool.slots(), slots) << bytes;
    }
  }
}

TEST(SlotPoolStorage, is_used_to_its_last_byte) {
  alignas(4096) static std::byte storage[2 * 4096];
  const SlotPoolOptions options{.slot_bytes = 4096};
  EXPECT_EQ(SlotPool(options, std::span(storage)).slots(), 1u);
  EXPECT_THROW(SlotPool(options, std::span(storage).first(2 * 4096 - 1)), std::invalid_argument);
}

TEST(SlotPoolStorage, every_slot_lies_in_it) {
  for (const std::size_t bytes : {1u, 24u, 100u, 4096u}) {
    for (const std::size_t shift : {0u, 1u, 63u}) {
      std::vector<std::byte> storage(100'000);
      SlotPool pool({.slot_bytes = bytes}, std::span(storage).subspan(shift));
      for (void* const slot : take_all(pool)) {
        ASSERT_GE(slot, storage.data());
        ASSERT_LE(static_cast<std::byte*>(slot) + bytes, storage.data() + storage.size());
      }
    }
  }
}

TEST(SlotPoolStorage, bytes_behind_the_storage_are_left_alone) {
  for (const std::size_t bytes : {1500u, 5000u, 20'000u, 20'001u}) {
    std::vector<std::byte> storage(bytes + 64, std::byte{0x5A});
    {
      SlotPool pool({.slot_bytes = 24}, std::span(storage).first(bytes));
      EXPECT_TRUE(has_every_slot_once(pool));
    }
    for (std::size_t i = bytes; i < storage.size(); ++i) ASSERT_EQ(storage[i], std::byte{0x5A});
  }
}

TEST(SlotPoolStorage, storage_that_holds_not_even_one_slot_is_invalid) {
  std::vector<std::byte> storage(1000);
  EXPECT_THROW(SlotPool({.slot_bytes = 1000}, storage), std::invalid_argument);
  EXPECT_THROW(SlotPool({.slot_bytes = 1}, std::span(storage).first(63)), std::invalid_argument);
  EXPECT_THROW(SlotPool({.slot_bytes = 1}, std::span(storage).first(0)), std::invalid_argument);
  EXPECT_THROW(SlotPool({.slot_bytes = 1}, std::span<std::byte>()), std::invalid_argument);
}

TEST(SlotPoolStorage, storage_too_small_for_the_alignment_is_invalid) {
  std::vector<std::byte> storage(64 * 1024);
  EXPECT_THROW(SlotPool({.slot_bytes = 1, .alignment = 1 << 20}, storage), std::invalid_argument);
  EXPECT_THROW(SlotPool({.slot_bytes = SIZE_MAX}, storage), std::exception);
}

TEST(SlotPoolStorage, the_number_of_slots_in_the_options_is_ignored) {
  // The same storage each time: how many fit depends on where it begins.
  std::vector<std::byte> storage(64 * 1024);
  const std::uint64_t fits = SlotPool({.slot_bytes = 64}, storage).slots();
  for (const std::uint64_t ignored : {std::uint64_t{0}, std::uint64_t{1}, UINT64_MAX}) {
    EXPECT_EQ(SlotPool({.slot_bytes = 64, .slots = ignored}, storage).slots(), fits) << ignored;
  }
}

TEST(SlotPoolStorage, it_may_be_used_again_when_the_pool_has_gone) {
  std::vector<std::byte> storage(64 * 1024);
  for (int round = 0; round < 3; ++round) {
    SlotPool pool({.slot_bytes = 100}, storage);
    EXPECT_TRUE(has_every_slot_once(pool));
    static_cast<void>(pool.allocate());  // and is forgotten
  }
}

}  // namespace
}  // namespace bufferpool::test
