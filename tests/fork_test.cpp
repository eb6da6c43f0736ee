// A process forks while its other threads are in the middle of anything.
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/pool_resource.hpp"
#include "support/bytes.hpp"
#include "support/resource_stats.hpp"
#include "support/slots.hpp"

namespace bufferpool::test {
namespace {

/// Threads that use a pool and a resource on it until they are told to stop.
class Storm {
 public:
  static constexpr std::size_t kThreads = 3;
  static constexpr std::size_t kHeldSlots = 32;

  Storm(const SlotPool& pool, PoolResource& memory) {
    for (std::uint64_t thread = 0; thread < kThreads; ++thread) {
      threads_.emplace_back([this, own = pool, &memory, thread]() mutable {
        for (std::uint64_t round = 1; !stops_; ++round) use(own, memory, thread << 32 | round);
      });
    }
  }
  ~Storm() { stop(); }

  void stop() {
    stops_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  static void use(SlotPool& pool, PoolResource& memory, std::uint64_t stamp) {
    void* slots[kHeldSlots];
    for (void*& slot : slots) {
      slot = pool.allocate();
      std::memcpy(slot, &stamp, sizeof stamp);
    }
    void* const block = memory.allocate(100);
    BufferPool buffer(pool);
    EXPECT_TRUE(holds_pattern(frozen_pattern(buffer, stamp % 1000, stamp), stamp));
    memory.deallocate(block, 100);
    for (void* const slot : slots) {
      EXPECT_EQ(std::memcmp(slot, &stamp, sizeof stamp), 0);
      pool.deallocate(slot);
    }
  }

  std::atomic<bool> stops_{false};
  std::vector<std::thread> threads_;
};

// --- A child of a process whose other threads are in the middle of anything.
// It has only its own thread.
// --- Out of its reach is, for each of the others: what it held, what was in
// its magazines, and what it was
// --- about to move between a magazine and the bitmap. Everything else must
// serve. The child takes nothing
// --- from the heap, whose locks the other threads may have held.

constexpr std::size_t kPoolSlots = 4096;
constexpr std::size_t kMagazineSlots = 64;
/// A thread's slots, its magazine's and those in between, and what its buffer
/// and the resource have.
constexpr std::size_t kOutOfReach =
    Storm::kThreads * (Storm::kHeldSlots + 2 * kMagazineSlots + 2 + 8);

/// Takes whatever there is into `taken`, writes to all of it, gives it back.
/// The number of slots; 0: wrong.
std::size_t use_all_slots(SlotPool& pool, std::vector<void*>& taken) noexcept {
  std::size_t count = 0;
  for (void* slot = nullptr; (slot = pool.try_allocate()) != nullptr; ++count) {
    taken[count] = slot;
    std::memcpy(slot, &count, sizeof count);
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (std::memcmp(taken[i], &i, sizeof i) != 0) return 0;
    pool.deallocate(taken[i]);
  }
  return count;
}

/// The child's exit code.
int use_all(SlotPool& pool, PoolResource& memory, std::vector<void*>& taken) noexcept {
  ::alarm(60);  // whoever waits for ever is ended by a signal
  const std::size_t slots = use_all_slots(pool, taken);
  if (slots < kPoolSlots - kOutOfReach) return 1;
  if (use_all_slots(pool, taken) != slots) return 2;
  BufferPool buffer(pool);
  for (std::uint64_t message = 0; message < 100; ++message) {
    if (!holds_pattern(frozen_pattern(buffer, 1 + message * 7, message), message)) return 3;
  }
  for (std::size_t i = 0; i < 1000; ++i) {
    taken[i] = memory.allocate(100);
    if (!memory.owns(taken[i])) return 4;
  }
  for (std::size_t i = 0; i < 1000; ++i) memory.deallocate(taken[i], 100);
  return 0;
}

/// Forks; the child ends with what `use` returns, which must be 0.
template <class Use>
void expect_success_in_a_child(const Use& use) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(use());
  ASSERT_GT(child, 0);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Fork, in_a_storm_gives_the_child_all_but_what_the_other_threads_had) {
  SlotPool pool({.slot_bytes = 1024, .slots = kPoolSlots});
  PoolResource memory(pool);
  memory.deallocate(memory.allocate(100),
                    100);  // this thread is known to the library
  std::vector<void*> taken(kPoolSlots);
  Storm storm(pool, memory);
  for (int i = 0; i < 50 && !HasFailure(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    expect_success_in_a_child([&] { return use_all(pool, memory, taken); });
  }
  storm.stop();
  EXPECT_TRUE(is_quiet(memory.stats()));
  memory.release();
  EXPECT_TRUE(has_every_slot_once(pool));
}

/// The child's exit code.
int use_upstream(PoolResource& memory) noexcept {
  ::alarm(60);
  for (int i = 0; i < 100; ++i) memory.deallocate(memory.allocate(100), 100);
  return 0;
}

PoolResource* released_in_children = nullptr;

TEST(Fork, a_child_may_release_a_resource_in_a_handler_of_fork) {
  static const int registered = ::pthread_atfork(nullptr, nullptr, [] {
    ::alarm(60);  // whoever waits for ever is ended by a signal
    if (released_in_children != nullptr) released_in_children->release();
  });
  ASSERT_EQ(registered, 0);
  SlotPool pool({.slot_bytes = 4096, .slots = 2});
  PoolResource memory(pool);
  while (memory.stats().upstream_blocks == 0) static_cast<void>(memory.allocate(1000));
  released_in_children = &memory;
  expect_success_in_a_child([&] {
    const bool all_back = memory.stats().upstream_blocks == 0 && pool.stats().taken_slots == 0;
    return all_back ? 0 : 1;
  });
  released_in_children = nullptr;
  EXPECT_EQ(memory.stats().upstream_blocks, 1U);
}

TEST(Fork, in_a_storm_on_upstream_leaves_the_child_no_lock_that_nobody_gives_up) {
  SlotPool large({.slot_bytes = 1024, .slots = kPoolSlots});
  PoolResource upstream(large);  // that of the C library has locks of its own
  SlotPool none({.slots = 0, .upstream = &upstream});
  PoolResource memory(none);
  memory.deallocate(memory.allocate(100), 100);
  std::atomic<bool> stops{false};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < Storm::kThreads; ++i) {
    threads.emplace_back([&] {
      while (!stops) memory.deallocate(memory.allocate(100), 100);
    });
  }
  for (int i = 0; i < 200 && !HasFailure(); ++i) {
    expect_success_in_a_child([&] { return use_upstream(memory); });
  }
  stops = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(memory.stats().upstream_blocks, 0U);
}

}  // namespace
}  // namespace bufferpool::test
