// One thread allocates, another frees. Between them a bounded queue, whose cost is in every row and
// measured alone as well.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>
#include <boost/lockfree/spsc_queue.hpp>

#include "memories.hpp"
#include "placement.hpp"
#include "systems.hpp"

namespace resource_bench {

/// The thread that frees; made beforehand, on another core than the one that allocates.
template <class Memory>
class Freer {
 public:
  Freer(Memory memory, std::size_t bytes) : memory_(memory), bytes_(bytes) {
    const bench::Placement placement(bench::Placement::Cores::all_but_first);
    thread_ = std::thread([this] { serve(); });
  }
  Freer(const Freer&) = delete;
  Freer& operator=(const Freer&) = delete;
  ~Freer() {
    stopping_ = true;
    thread_.join();
  }

  /// Waits while the queue is full. Yields, as there may be only one core.
  void send(void* block) {
    while (!queue_.push(block)) std::this_thread::yield();
  }

  void wait_until_freed(std::uint64_t blocks) const {
    while (freed_.load(std::memory_order_acquire) != blocks) std::this_thread::yield();
  }

 private:
  // The count is told when the queue runs empty, so that it costs nothing on the way.
  void serve() {
    std::uint64_t freed = 0;
    while (true) {
      const bool last_look = stopping_;
      const std::size_t some =
          queue_.consume_all([this](void* block) { memory_.deallocate(block, bytes_); });
      freed += some;
      if (some != 0) continue;
      if (last_look) return;
      freed_.store(freed, std::memory_order_release);
      std::this_thread::yield();
    }
  }

  Memory memory_;
  std::size_t bytes_;
  boost::lockfree::spsc_queue<void*, boost::lockfree::capacity<1024>> queue_;
  std::atomic<bool> stopping_ = false;
  alignas(64) std::atomic<std::uint64_t> freed_ = 0;
  std::thread thread_;
};

/// No memory management at all: the same blocks in turn, more of them than can be on their way.
class QueueAlone {
 public:
  class Memory {
   public:
    explicit Memory(QueueAlone& ring) : ring_(&ring) {}
    [[nodiscard]] void* allocate(std::size_t bytes) {
      ring_->next_ = (ring_->next_ + 1) % ring_blocks;
      return ring_->bytes_.get() + ring_->next_ * bytes;
    }
    void deallocate(void* block, std::size_t) { benchmark::DoNotOptimize(block); }

   private:
    QueueAlone* ring_;
  };

  static constexpr const char* name = "queue_alone";
  static constexpr bool thread_safe = true;
  static constexpr bool one_size = true;
  explicit QueueAlone(std::size_t bytes)
      : bytes_(std::make_unique_for_overwrite<std::byte[]>(ring_blocks * bytes)) {}
  [[nodiscard]] Memory memory() { return Memory(*this); }

 private:
  static constexpr std::size_t ring_blocks = 2048;

  std::unique_ptr<std::byte[]> bytes_;
  std::size_t next_ = 0;
};

/// libstdc++'s synchronized pool searches for the owner of each block that another thread frees:
/// tens of microseconds. It sends fewer, but several times what the queue holds, as all do.
template <class System>
inline constexpr std::uint64_t sent_blocks = 20'000;
template <>
inline constexpr std::uint64_t sent_blocks<StdSynchronized> = 3'000;

template <class Memory>
[[gnu::noinline]] void send_blocks(Memory memory, std::size_t bytes, Freer<Memory>& freer,
                                   std::uint64_t blocks) {
  for (std::uint64_t i = 0; i < blocks; ++i) {
    void* const block = memory.allocate(bytes);
    touch(block);
    freer.send(block);
  }
}

/// Timed for one block, until the last one has been freed. The freeing thread does not read the
/// blocks: how fast cache lines travel between cores is the same for all.
template <class System>
void measure_remote(benchmark::State& state, std::size_t bytes) {
  constexpr std::uint64_t batch = sent_blocks<System>;
  System system(bytes);
  Freer freer(system.memory(), bytes);
  const bench::Placement placement(bench::Placement::Cores::first);
  std::uint64_t sent = batch;  // until all memory that it needs is committed
  send_blocks(system.memory(), bytes, freer, sent);
  freer.wait_until_freed(sent);
  while (state.KeepRunningBatch(batch)) {
    send_blocks(system.memory(), bytes, freer, batch);
    sent += batch;
    freer.wait_until_freed(sent);
  }
}

}  // namespace resource_bench
