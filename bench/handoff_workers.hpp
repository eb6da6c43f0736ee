// Four threads, created beforehand, that take slices out of bounded queues and drop them: the far
// side of a proxy.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <thread>

#include "append.hpp"
#include "handoff_queue.hpp"
#include "placement.hpp"

namespace seed_bench {

template <class Slice>
class HandoffWorkers {
 public:
  HandoffWorkers() {
    const bench::Placement placement(bench::Placement::Cores::all_but_first);
    for (Worker& worker : workers_) worker.thread = std::thread([this, &worker] { serve(worker); });
  }
  HandoffWorkers(const HandoffWorkers&) = delete;
  HandoffWorkers& operator=(const HandoffWorkers&) = delete;
  ~HandoffWorkers() {
    stopping_ = true;
    for (Worker& worker : workers_) worker.thread.join();
  }

  /// Gives the slice to the next worker in turn; waits while that one's queue is full. One thread
  /// at a time.
  void send(Slice slice) {
    Worker& worker = workers_[next_worker_];
    next_worker_ = (next_worker_ + 1) % workers_.size();
    while (!worker.queue.try_push(slice)) std::this_thread::yield();
    ++worker.sent;
  }

  /// Returns when every slice that was sent has been dropped. The thread that sends.
  void wait_until_dropped() const {
    for (const Worker& worker : workers_) {
      while (worker.dropped != worker.sent) std::this_thread::yield();
    }
  }

 private:
  // Four messages a worker: all of them, at their longest, fit into the capacity that the pools are
  // given.
  using Queue = HandoffQueue<Slice, 4>;

  struct Worker {
    Queue queue;
    std::uint64_t sent = 0;
    alignas(64) std::atomic<std::uint64_t> dropped = 0;  // is told when the queue runs empty
    std::thread thread;
  };

  // Yields instead of spinning: there may be fewer cores than workers.
  void serve(Worker& worker) {
    std::uint64_t dropped = 0;
    while (true) {
      const bool last_look = stopping_;
      if (const std::optional<Slice> slice = worker.queue.try_pop()) {
        touch(*slice);
        ++dropped;
      } else if (last_look) {
        return;
      } else {
        worker.dropped = dropped;
        std::this_thread::yield();
      }
    }
  }

  std::array<Worker, 4> workers_;
  std::size_t next_worker_ = 0;
  std::atomic<bool> stopping_ = false;
};

}  // namespace seed_bench
