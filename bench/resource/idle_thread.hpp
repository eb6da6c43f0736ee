// A thread that sleeps as long as the object lives. glibc's mutexes and heap leave the atomic
// operations out until a process has made its first thread. Without this, the rows of one thread
// would depend on whether the filter selects rows of several.
#pragma once

#include <semaphore>
#include <thread>

namespace resource_bench {

class IdleThread {
 public:
  IdleThread() = default;
  IdleThread(const IdleThread&) = delete;
  IdleThread& operator=(const IdleThread&) = delete;
  ~IdleThread() {
    done_.release();
    thread_.join();
  }

 private:
  std::binary_semaphore done_{0};
  std::thread thread_{[this] { done_.acquire(); }};
};

}  // namespace resource_bench
