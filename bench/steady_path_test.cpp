// After a warm-up, 100,000 messages are filled, frozen and dropped without one heap allocation or
// mutex lock, whether the pool is private or shared and whichever thread drops. Two controls show
// that the counter counts.

#include <atomic>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>

#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/slot_pool.hpp"
#include "bufferpool/system_buffer.hpp"
#include "call_counter.hpp"
#include "handoff_queue.hpp"

namespace {

using bufferpool::BufferPool;
using bufferpool::Slice;
using bufferpool::SlotPool;
using bufferpool::SystemBuffer;
using seed_bench::Calls;
using seed_bench::calls_so_far;

constexpr int warm_up_messages = 10'000;
constexpr int messages = 100'000;

/// Lengths from 1,000 to 16,000 bytes, so that chunks fill up, are rewound, extended and replaced.
template <class Memory>
Slice next_message(Memory& memory, int number) {
  for (int piece = 0; piece <= number % 16; ++piece)
    std::memset(memory.fill(1000).data(), number, 1000);
  return memory.freeze();
}

template <class Memory>
void drop_here(Memory& memory, int count) {
  for (int number = 0; number < count; ++number) {
    const Slice first = next_message(memory, number);
    const Slice second = next_message(memory, number + 7);
  }
}

template <class Memory>
Calls calls_when_dropped_here(Memory memory) {
  drop_here(memory, warm_up_messages);
  const Calls before = calls_so_far();
  drop_here(memory, messages);
  return calls_so_far() - before;
}

/// Another thread that drops what it is sent.
class Consumer {
 public:
  void drop_soon(Slice slice) {
    while (!queue_.try_push(slice)) std::this_thread::yield();
  }
  void finish() {
    stopping_ = true;
    thread_.join();
  }

 private:
  /// A thread's first slot notes the thread's end with the C library, which allocates. Of the messages
  /// that warm up, all last slices of a chunk might be dropped by chance on the other thread.
  static void warm_up() {
    bufferpool::SlotPool pool({.slot_bytes = 64, .slots = 64});
    pool.deallocate(pool.allocate());
  }

  void drop_all() {
    warm_up();
    while (true) {
      const bool last_look = stopping_;
      const bool dropped = queue_.try_pop().has_value();
      if (!dropped && last_look) return;
      if (!dropped) std::this_thread::yield();
    }
  }

  seed_bench::HandoffQueue<Slice, 8> queue_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_{[this] { drop_all(); }};
};

template <class Memory>
Calls calls_when_dropped_elsewhere(Memory memory) {
  Consumer consumer;
  for (int number = 0; number < warm_up_messages; ++number)
    consumer.drop_soon(next_message(memory, number));
  const Calls before = calls_so_far();
  for (int number = 0; number < messages; ++number)
    consumer.drop_soon(next_message(memory, number));
  const Calls during = calls_so_far() - before;
  consumer.finish();
  return during;
}

Calls calls_of_a_mutex() {
  std::mutex mutex;
  const Calls before = calls_so_far();
  const std::lock_guard lock(mutex);
  return calls_so_far() - before;
}

bool print(const char* what, Calls calls, bool as_expected) {
  std::printf("%-44s allocations %8llu  locks %8llu  %s\n", what,
              static_cast<unsigned long long>(calls.allocations),
              static_cast<unsigned long long>(calls.locks), as_expected ? "ok" : "FAILED");
  return as_expected;
}

bool calls_nothing(const char* what, Calls calls) {
  return print(what, calls, calls.allocations == 0 && calls.locks == 0);
}

BufferPool private_pool() { return BufferPool(std::size_t{320} * 1024); }
BufferPool shared_pool() {
  return BufferPool(SlotPool({.slot_bytes = std::size_t{64} * 1024, .slots = 1024}));
}

}  // namespace

int main() {
  bool good = true;
  good &= calls_nothing("private pool, dropped on the same thread",
                        calls_when_dropped_here(private_pool()));
  good &= calls_nothing("private pool, dropped on another thread",
                        calls_when_dropped_elsewhere(private_pool()));
  good &= calls_nothing("shared pool, dropped on the same thread",
                        calls_when_dropped_here(shared_pool()));
  good &= calls_nothing("shared pool, dropped on another thread",
                        calls_when_dropped_elsewhere(shared_pool()));
  const Calls heap = calls_when_dropped_here(SystemBuffer());
  good &= print("control: the heap is seen to allocate", heap, heap.allocations >= messages);
  const Calls mutex = calls_of_a_mutex();
  good &= print("control: a mutex is seen to lock", mutex, mutex.locks == 1);
  return good ? 0 : 1;
}
