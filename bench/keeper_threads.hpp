// One new thread for every slice: it waits a little, touches the slice and drops it.
#pragma once

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "append.hpp"

namespace seed_bench {

template <class Slice>
void keep_for_a_while(Slice slice) {
  std::this_thread::sleep_for(std::chrono::microseconds(10));
  touch(slice);
}

/// Created detached: std::thread::detach() races with the end of a short-lived thread, since
/// glibc 2.36's pthread_detach() reads the thread's descriptor when its stack may be gone already.
template <class Work>
void start_detached(Work work) {
  auto owned = std::make_unique<Work>(std::move(work));
  const auto run = [](void* given) -> void* {
    const std::unique_ptr<Work> work_of_thread(static_cast<Work*>(given));
    (*work_of_thread)();
    return nullptr;
  };
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, run, owned.get());
  pthread_attr_destroy(&attributes);
  if (error != 0) throw std::system_error(error, std::generic_category(), "pthread_create");
  static_cast<void>(owned.release());  // the thread has it
}

/// Starts threads and does not wait for any one of them.
class DetachedKeepers {
 public:
  template <class Slice>
  void keep(Slice slice) {
    ++alive_;
    start_detached([this, slice = std::move(slice)]() mutable {
      keep_for_a_while(std::move(slice));
      --alive_;
    });
  }

  void wait_until_gone() const {
    while (alive_ != 0) std::this_thread::yield();
  }

 private:
  std::atomic<int> alive_ = 0;
};

template <class Slice>
[[nodiscard]] std::thread joinable_keeper(Slice slice) {
  return std::thread([slice = std::move(slice)]() mutable { keep_for_a_while(std::move(slice)); });
}

}  // namespace seed_bench
