// Static and thread_local pools, buffers, slices and containers that end with the program, in awkward orders.
// Each is a process of its own, whose exit code counts.
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory_resource>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/pool_allocator.hpp"
#include "support/bytes.hpp"

namespace bufferpool::test {
namespace {

/// Registered first, hence the last: whatever ends the process before does not
/// get here.
struct SaysGoodbye {
  ~SaysGoodbye() { std::fputs("all went well\n", stderr); }
};

[[noreturn]] void end_with_slices_that_outlive_their_static_pool() {
  static const SaysGoodbye goodbye;
  static std::vector<Slice> slices;  // destroyed after buffer and pool
  static SlotPool pool({.slot_bytes = 256, .slots = 128});
  static BufferPool buffer(std::move(pool));
  for (std::uint64_t i = 0; i < 50; ++i) slices.push_back(frozen_pattern(buffer, 100, i));
  std::exit(0);
}

[[noreturn]] void end_with_thread_local_buffers_on_a_static_pool() {
  static const SaysGoodbye goodbye;
  static thread_local std::vector<Slice> slices;
  static SlotPool pool({.slot_bytes = 256, .slots = 128});
  static thread_local BufferPool buffer(pool);
  static std::vector<Slice> late;
  slices.push_back(frozen_pattern(buffer, 100, 1));
  late.push_back(frozen_pattern(buffer, 100, 2));
  append(buffer, "half a message");
  std::exit(0);
}

[[noreturn]] void end_with_containers_in_a_static_resource() {
  static const SaysGoodbye goodbye;
  static PoolResource memory(SlotPool({.slot_bytes = 4096, .slots = 128}));
  static std::pmr::vector<std::pmr::vector<int>> shared(&memory);
  static thread_local std::vector<int, PoolAllocator<int>> own(memory);
  for (int i = 0; i < 1000; ++i) {
    shared.emplace_back(10U, i);
    own.push_back(i);
  }
  std::exit(0);
}

std::atomic<std::uint64_t> messages_of_the_detached{0};

void wait_for_1000_messages() {
  const std::uint64_t enough = messages_of_the_detached + 1000;
  while (messages_of_the_detached < enough) std::this_thread::yield();
}

struct WaitsForMore {
  ~WaitsForMore() { wait_for_1000_messages(); }
};

[[noreturn]] void end_while_a_detached_thread_fills() {
  static const SaysGoodbye goodbye;
  static const WaitsForMore waits;  // destroyed after the pool's own handle
  static SlotPool pool({.slot_bytes = 4096, .slots = 128});
  std::thread([own = pool] {
    BufferPool buffer(own);
    for (;; ++messages_of_the_detached) {
      static_cast<void>(frozen_pattern(buffer, 100, messages_of_the_detached));
      buffer.release_idle();  // nothing but its handle keeps the pool
    }
  }).detach();
  wait_for_1000_messages();
  std::exit(0);
}

void expect_a_good_end(void (*end)()) {
  EXPECT_EXIT(end(), ::testing::ExitedWithCode(0), "all went well");
}

TEST(ProgramEndDeathTest, slices_may_outlive_their_static_pool) {
  expect_a_good_end(&end_with_slices_that_outlive_their_static_pool);
}

TEST(ProgramEndDeathTest, thread_local_buffers_may_end_before_and_after_a_static_pool) {
  expect_a_good_end(&end_with_thread_local_buffers_on_a_static_pool);
}

TEST(ProgramEndDeathTest, containers_may_end_with_their_static_resource) {
  expect_a_good_end(&end_with_containers_in_a_static_resource);
}

TEST(ProgramEndDeathTest, a_detached_thread_may_still_fill) {
  expect_a_good_end(&end_while_a_detached_thread_fills);
}

}  // namespace
}  // namespace bufferpool::test
