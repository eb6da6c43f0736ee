// Threads for tests: several at the same work, one after the other, and one that waits.
#pragma once

#include <atomic>
#include <cstddef>
#include <future>
#include <thread>
#include <utility>
#include <vector>

namespace bufferpool::test {

/// Runs work(0) ... work(threads - 1), each on a thread of its own; none begins before all are there.
template <class Work>
void on_threads(int threads, const Work& work) {
  std::atomic<int> ready{0};
  std::vector<std::thread> running;
  for (int number = 0; number < threads; ++number) {
    running.emplace_back([&, number] {
      ++ready;
      while (ready != threads) std::this_thread::yield();
      work(number);
    });
  }
  for (std::thread& thread : running) thread.join();
}

/// Keeps two threads at about the same step, so that they meet there. Orders nothing else: a data race
/// stays one.
class Lockstep {
 public:
  /// Returns when the other thread, 1 - `thread`, has come to `step` too, or does not seem to run.
  void meet(int thread, std::size_t step) noexcept {
    at_[thread].store(step, std::memory_order_relaxed);
    for (int spins = 0; spins < 2000 && at_[1 - thread].load(std::memory_order_relaxed) < step;) {
      ++spins;
    }
    // Who came last would always go first; so the one or the other waits a little, for various times.
    const std::size_t delay = step % 2 == static_cast<std::size_t>(thread) ? step / 2 % 64 : 0;
    for (std::size_t i = 0; i < delay; ++i) {
      static_cast<void>(at_[thread].load(std::memory_order_relaxed));
    }
  }

 private:
  std::atomic<std::size_t> at_[2] = {};
};

/// Runs `first` on one thread and then `second` on another, with nothing that orders their memory
/// accesses: what `second` may see must come from the operations that are tested. (ThreadSanitizer
/// tells.)
template <class First, class Second>
void one_then_the_other(const First& first, const Second& second) {
  std::atomic<bool> first_is_done{false};
  on_threads(2, [&](int thread) {
    if (thread == 0) {
      first();
      first_is_done.store(true, std::memory_order_relaxed);
    } else {
      while (!first_is_done.load(std::memory_order_relaxed)) std::this_thread::yield();
      second();
    }
  });
}

/// Runs the work on a thread that has ended when this returns.
template <class Work>
void on_a_thread_that_ends(const Work& work) {
  std::thread(work).join();
}

/// Runs the work on a thread, which then waits, alive, for end().
class WaitingThread {
 public:
  template <class Work>
  explicit WaitingThread(Work work) {
    std::promise<void> done;
    std::future<void> is_done = done.get_future();
    thread_ = std::thread([work = std::move(work), done = std::move(done),
                           may_end = may_end_.get_future()]() mutable {
      work();
      done.set_value();
      may_end.wait();
    });
    is_done.wait();
  }
  WaitingThread(const WaitingThread&) = delete;
  WaitingThread& operator=(const WaitingThread&) = delete;
  ~WaitingThread() { end(); }

  void end() {
    if (!thread_.joinable()) return;
    may_end_.set_value();
    thread_.join();
  }

 private:
  std::promise<void> may_end_;
  std::thread thread_;
};

}  // namespace bufferpool::test
