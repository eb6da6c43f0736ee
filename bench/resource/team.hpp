// Threads that all do the same piece of work at once, as often as they are told. The clock of whoever
// tells them sees the whole of it: Google Benchmark's own threads each time themselves, which on fewer
// cores than threads leaves out the time that a thread waits for its turn to begin.
#pragma once

#include <barrier>
#include <cstddef>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

namespace resource_bench {

class Team {
 public:
  /// `work` is given the number of the thread.
  Team(std::size_t threads, std::function<void(std::size_t)> work)
      : work_(std::move(work)), begin_(count(threads)), end_(count(threads)) {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this, i] { serve(i); });
  }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  ~Team() {
    stopping_ = true;
    begin_.arrive_and_wait();
    for (std::thread& thread : threads_) thread.join();
  }

  /// Returns when every thread has done its work once.
  void work_once() {
    begin_.arrive_and_wait();
    end_.arrive_and_wait();
  }

 private:
  static std::ptrdiff_t count(std::size_t threads) {
    return static_cast<std::ptrdiff_t>(threads) + 1;
  }

  void serve(std::size_t number) {
    while (true) {
      begin_.arrive_and_wait();
      if (stopping_) return;
      work_(number);
      end_.arrive_and_wait();
    }
  }

  std::function<void(std::size_t)> work_;
  std::barrier<> begin_;
  std::barrier<> end_;
  bool stopping_ = false;  // written before the barrier that its readers wait at
  std::vector<std::thread> threads_;
};

}  // namespace resource_bench
