// What an atomic operation owes two threads: one of them wins, and the next sees what the one before
// wrote.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/threads.hpp"

namespace bufferpool::test {

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

/// Runs `before` and then `after`, each on a thread of its own: what was written ahead of the operation
/// in `before` must be seen behind the one in `after`.
template <class Before, class After>
void expect_handed_on(const Before& before, const After& after) {
  // Not atomic: only the operations under test order the accesses. Eight bytes, which is what one of
  // ThreadSanitizer's records covers: a flag beside it that a thread polls would displace the record.
  std::uint64_t written = 0;
  one_then_the_other(
      [&] {
        written = 7;
        before();
      },
      [&] {
        after();
        EXPECT_EQ(written, 7u);
      });
}

/// Two threads meet at every number below `attempts` and call `attempt(thread, number)`, which must be
/// true for exactly one of them. Fails fatally.
template <class Attempt>
void expect_one_winner(std::size_t attempts, const Attempt& attempt) {
  std::vector<unsigned char> wins[2]{std::vector<unsigned char>(attempts),
                                     std::vector<unsigned char>(attempts)};
  Lockstep lockstep;
  on_threads(2, [&](int thread) {
    for (std::size_t number = 0; number < attempts; ++number) {
      lockstep.meet(thread, number);
      wins[thread][number] = attempt(thread, number);
    }
  });
  for (std::size_t number = 0; number < attempts; ++number) {
    ASSERT_EQ(wins[0][number] + wins[1][number], 1) << number;
  }
}

}  // namespace bufferpool::test
