// Threads for tests: several at the same work, and one that waits.
#pragma once

#include <atomic>
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
