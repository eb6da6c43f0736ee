// Threads that meet at one count or owner word: exactly one is told that it was the last, and it sees
// what the others wrote.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/live_count.hpp"
#include "support/threads.hpp"
#include "support/two_threads.hpp"

namespace bufferpool::detail {
namespace {

using test::expect_handed_on;
using test::expect_one_winner;
using test::on_threads;

// Each thread works through the same array, so that they meet at its elements.

constexpr std::size_t kElements = 100'000;

TEST(LiveCountThreads, of_two_unholds_at_once_exactly_one_wins) {
  for (int round = 0; round < 2; ++round) {
    std::vector<LiveCount> live(kElements);
    for (LiveCount& each : live) each.hold(1);
    ASSERT_NO_FATAL_FAILURE(
        expect_one_winner(kElements, [&](int, std::size_t i) { return live[i].unhold(1); }));
  }
}

TEST(LiveCountThreads, of_a_seal_and_drops_at_once_exactly_one_owns_the_slot) {
  std::vector<LiveCount> live(kElements);
  for (LiveCount& each : live) each.start();
  std::vector<unsigned char> last[3]{std::vector<unsigned char>(kElements),
                                     std::vector<unsigned char>(kElements),
                                     std::vector<unsigned char>(kElements)};
  on_threads(3, [&](int thread) {
    for (std::size_t i = 0; i < kElements; ++i) {
      last[thread][i] = thread == 0 ? live[i].seal(2) : live[i].drop();
    }
  });
  for (std::size_t i = 0; i < kElements; ++i) {
    ASSERT_EQ(last[0][i] + last[1][i] + last[2][i], 1) << i;
  }
}

TEST(LiveCountThreads, who_owns_the_slot_sees_what_the_others_wrote) {
  struct Shared {
    LiveCount live;
    int bytes[3]{};  // not atomic: only the count orders the accesses
  };
  std::vector<Shared> shared(kElements);
  for (Shared& each : shared) each.live.start();
  std::atomic<int> wrong{0};
  on_threads(3, [&](int thread) {
    for (Shared& each : shared) {
      each.bytes[thread] = 1;
      const bool last = thread == 0 ? each.live.seal(2) : each.live.drop();
      if (last && each.bytes[0] + each.bytes[1] + each.bytes[2] != 3) ++wrong;
    }
  });
  EXPECT_EQ(wrong, 0);
}

// Each order on its own.

TEST(LiveCountThreads, a_last_drop_sees_what_was_written_before_the_seal) {
  LiveCount live;
  live.start();
  expect_handed_on([&] { EXPECT_FALSE(live.seal(1)); }, [&] { EXPECT_TRUE(live.drop()); });
}

TEST(LiveCountThreads, a_last_drop_sees_what_was_written_before_another_drop) {
  LiveCount live;
  live.start();
  EXPECT_FALSE(live.seal(2));
  expect_handed_on([&] { EXPECT_FALSE(live.drop()); }, [&] { EXPECT_TRUE(live.drop()); });
}

TEST(LiveCountThreads, a_last_seal_sees_what_was_written_before_a_drop) {
  LiveCount live;
  live.start();
  expect_handed_on([&] { EXPECT_FALSE(live.drop()); }, [&] { EXPECT_TRUE(live.seal(1)); });
}

TEST(LiveCountThreads, the_owner_who_finds_all_dropped_may_write_again) {
  LiveCount live;
  live.start();
  int byte = 0;  // not atomic: only the count orders the accesses
  constexpr int kRounds = 1000;
  std::atomic<int> sent{0};
  std::atomic<int> wrong{0};
  on_threads(2, [&](int thread) {
    for (int round = 1; round <= kRounds; ++round) {
      if (thread == 0) {
        byte = round;
        sent.store(round, std::memory_order_release);
        while (!live.all_dropped(static_cast<std::uint64_t>(round))) std::this_thread::yield();
      } else {
        while (sent.load(std::memory_order_acquire) < round) std::this_thread::yield();
        if (byte != round || live.drop()) ++wrong;
      }
    }
  });
  EXPECT_EQ(wrong, 0);
}

TEST(RefCountThreads, the_last_release_sees_what_was_written_before_another) {
  RefCount count;
  count.retain();
  expect_handed_on([&] { EXPECT_FALSE(count.release()); }, [&] { EXPECT_TRUE(count.release()); });
}

TEST(RefCountThreads, the_last_of_many_sees_what_the_others_wrote) {
  struct Shared {
    RefCount count;
    int bytes[2]{};
  };
  std::vector<Shared> shared(kElements);
  for (Shared& each : shared) each.count.retain();
  std::atomic<std::uint64_t> last{0};
  std::atomic<int> wrong{0};
  on_threads(2, [&](int thread) {
    for (Shared& each : shared) {
      each.bytes[thread] = 1;
      if (!each.count.release()) continue;
      ++last;
      if (each.bytes[0] + each.bytes[1] != 2) ++wrong;
    }
  });
  EXPECT_EQ(last, kElements);
  EXPECT_EQ(wrong, 0);
}

TEST(OwnerWordThreads, of_two_claims_at_once_exactly_one_wins) {
  std::vector<OwnerWord> owners(kElements);
  expect_one_winner(kElements, [&](int thread, std::size_t i) {
    return owners[i].claim(0, static_cast<std::uint64_t>(thread) + 1);
  });
}

TEST(OwnerWordThreads, the_next_owner_sees_what_the_one_before_wrote) {
  OwnerWord owner;
  ASSERT_TRUE(owner.claim(0, 1));
  expect_handed_on([&] { owner.release(0); }, [&] { EXPECT_TRUE(owner.claim(0, 2)); });
}

TEST(OwnerWordThreads, who_reads_that_the_owner_has_left_sees_what_it_wrote) {
  OwnerWord owner;
  ASSERT_TRUE(owner.claim(0, 1));
  expect_handed_on([&] { owner.release(0); }, [&] { EXPECT_EQ(owner.get(), 0u); });
}

TEST(TallyThreads, counts_every_addition_once_and_keeps_the_highest) {
  Tally sum;
  Tally highest;
  on_threads(4, [&](int thread) {
    for (std::uint64_t i = 1; i <= 10'000; ++i) {
      sum.add(3);
      sum.subtract(1);
      highest.raise(i * static_cast<std::uint64_t>(thread + 1));
    }
  });
  EXPECT_EQ(sum.get(), 80'000u);
  EXPECT_EQ(highest.get(), 40'000u);
}

}  // namespace
}  // namespace bufferpool::detail
