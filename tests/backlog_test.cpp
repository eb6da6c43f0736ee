// What waits for a thread of the proxy: whoever is told to pause is told to go on.
#include "backlog.hpp"

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/threads.hpp"
#include "support/two_threads.hpp"

namespace proxy {
namespace {

using bufferpool::test::Lockstep;
using bufferpool::test::on_threads;

// Each thread works through the same array, so that they meet at its elements.

constexpr std::size_t kElements = 100'000;

struct LoadOfOneByte : Backlog {
  LoadOfOneByte() : Backlog(1) { add(1); }
};

TEST(Backlog, a_client_pauses_at_the_limit_and_goes_on_at_half_of_it) {
  Backlog load(10);
  load.add(9);
  EXPECT_FALSE(load.must_pause());
  load.add(1);
  EXPECT_TRUE(load.must_pause());
  EXPECT_FALSE(load.subtract(4));
  EXPECT_TRUE(load.subtract(1));
  EXPECT_FALSE(load.subtract(1)) << "nobody pauses any more";
}

TEST(BacklogThreads, who_pauses_while_another_subtracts_goes_on) {
  std::vector<LoadOfOneByte> loads(kElements);
  std::vector<unsigned char> paused(kElements), resumed(kElements);
  Lockstep lockstep;
  on_threads(2, [&](int thread) {
    for (std::size_t i = 0; i < kElements; ++i) {
      lockstep.meet(thread, i);
      if (thread == 0) {
        paused[i] = loads[i].must_pause();
      } else {
        resumed[i] = loads[i].subtract(1);
      }
    }
  });
  for (std::size_t i = 0; i < kElements; ++i) ASSERT_LE(paused[i], resumed[i]) << i;
}

TEST(BacklogThreads, when_all_is_subtracted_nobody_pauses) {
  constexpr std::size_t kBytes = 3, kLimit = 10;
  Backlog load(kLimit);
  std::atomic<bool> paused[2]{};
  std::atomic<std::size_t> added = 0;
  on_threads(3, [&](int thread) {
    if (thread < 2) {
      for (std::size_t i = 0; i < kElements; ++i) {
        load.add(kBytes);
        added += kBytes;
        // Before the question, as the one that subtracts may be faster than its answer.
        paused[thread] = true;
        if (!load.must_pause()) paused[thread] = false;
      }
      return;
    }
    for (std::size_t left = 2 * kElements * kBytes; left > 0;) {
      std::this_thread::yield();
      const std::size_t taken = added.exchange(0);
      left -= taken;
      if (load.subtract(taken)) paused[0] = paused[1] = false;
    }
  });
  EXPECT_FALSE(load.must_pause());
  EXPECT_FALSE(paused[0]);
  EXPECT_FALSE(paused[1]);
}

}  // namespace
}  // namespace proxy
