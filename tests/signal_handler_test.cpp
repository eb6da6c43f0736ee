// A signal handler that fills. It must not use a pool that the interrupted thread uses, so it has its own.
#include <pthread.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/pool_resource.hpp"
#include "support/bytes.hpp"
#include "support/slots.hpp"

namespace bufferpool::test {
namespace {

BufferPool* handlers_buffer = nullptr;
std::atomic<std::uint64_t> handled{0};
std::atomic<std::uint64_t> handled_wrong{0};

void fill_in_the_handler(int) {
  const std::uint64_t stamp = handled;
  const std::size_t bytes = stamp * 13 % 3000;
  if (!holds_pattern(frozen_pattern(*handlers_buffer, bytes, stamp), stamp)) ++handled_wrong;
  ++handled;
}

/// With 8 slots the handler's pool has no magazines, with 128 slots it has one
/// of the interrupted thread.
class SignalHandler : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  static constexpr std::uint64_t kSignals = 2000;

  void SetUp() override {
    handled = handled_wrong = 0;
    handlers_buffer = &buffer_;
    struct sigaction action = {};
    action.sa_handler = &fill_in_the_handler;
    action.sa_flags = SA_RESTART;
    ASSERT_EQ(::sigaction(SIGUSR1, &action, &before_), 0);
  }
  void TearDown() override { ASSERT_EQ(::sigaction(SIGUSR1, &before_, nullptr), 0); }

  /// Interrupts `thread` again and again, each time as soon as the handler has
  /// returned.
  static void interrupt(pthread_t thread) {
    for (std::uint64_t sent = 1; sent <= kSignals; ++sent) {
      ASSERT_EQ(::pthread_kill(thread, SIGUSR1), 0);
      while (handled < sent) std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
  }

  SlotPool pool_{{.slot_bytes = 1024, .slots = GetParam()}};
  BufferPool buffer_{pool_};
  struct sigaction before_ = {};
};

INSTANTIATE_TEST_SUITE_P(Slots, SignalHandler, ::testing::Values(8, 128),
                         ::testing::PrintToStringParamName());

TEST_P(SignalHandler, may_fill_from_a_pool_of_its_own_while_the_thread_uses_another) {
  SlotPool pool({.slot_bytes = 256, .slots = 1024});
  PoolResource memory(pool);
  BufferPool buffer(pool);
  memory.deallocate(memory.allocate(100),
                    100);  // this thread is known to the library
  static_cast<void>(frozen_pattern(buffer_, 10, 1));
  std::thread sender([thread = ::pthread_self()] { interrupt(thread); });
  for (std::uint64_t round = 0; handled < kSignals; ++round) {
    const std::vector<void*> slots = {pool.allocate(), pool.allocate_run(3), memory.allocate(100)};
    ASSERT_TRUE(holds_pattern(frozen_pattern(buffer, round % 1000, round), round));
    pool.deallocate(slots[0]);
    pool.deallocate_run(slots[1], 3);
    memory.deallocate(slots[2], 100);
  }
  sender.join();
  EXPECT_EQ(handled_wrong, 0U);
  buffer_.release_idle();
  buffer.release_idle();
  memory.release();
  EXPECT_TRUE(has_every_slot_once(pool_));
  EXPECT_TRUE(has_every_slot_once(pool));
}

}  // namespace
}  // namespace bufferpool::test
