#include "bufferpool/live_count.hpp"

#include <atomic>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/threads.hpp"

namespace bufferpool::detail {
namespace {

using test::on_threads;
using test::one_then_the_other;

TEST(LiveCount, nobody_holds_a_fresh_slot) {
  const LiveCount live;
  EXPECT_EQ(live.value(), 0u);
  EXPECT_FALSE(live.holds(1));
}

TEST(LiveCount, unhold_succeeds_once) {
  LiveCount live;
  live.hold(1);
  EXPECT_TRUE(live.unhold(1));
  EXPECT_FALSE(live.unhold(1));
  EXPECT_EQ(live.value(), 0u);
}

TEST(LiveCount, a_run_is_released_at_its_own_length_only) {
  LiveCount live;
  live.hold(5);
  for (const std::uint64_t wrong :
       {std::uint64_t{1}, std::uint64_t{4}, std::uint64_t{6}, std::uint64_t{1} << 32}) {
    EXPECT_FALSE(live.unhold(wrong)) << wrong;
    EXPECT_TRUE(live.holds(5)) << wrong;
  }
  EXPECT_TRUE(live.unhold(5));
}

TEST(LiveCount, the_longest_run_is_no_other_state) {
  LiveCount live;
  live.hold(std::uint64_t{1} << 32);
  EXPECT_TRUE(live.holds(std::uint64_t{1} << 32));
  EXPECT_GT(live.value(), LiveCount::kHeld);
}

TEST(LiveCount, a_chunk_is_not_held_raw) {
  LiveCount live;
  live.start();
  EXPECT_FALSE(live.holds(1));
  EXPECT_FALSE(live.unhold(1));
  EXPECT_EQ(live.value(), LiveCount::kBias);
}

TEST(LiveCount, no_drop_is_the_last_before_the_seal) {
  LiveCount live;
  live.start();
  for (int slice = 0; slice < 1000; ++slice) ASSERT_FALSE(live.drop());
  EXPECT_TRUE(live.seal(1000));
}

TEST(LiveCount, the_last_drop_after_the_seal_owns_the_slot) {
  LiveCount live;
  live.start();
  EXPECT_FALSE(live.drop());
  EXPECT_FALSE(live.seal(3));
  EXPECT_FALSE(live.drop());
  EXPECT_TRUE(live.drop());
  EXPECT_EQ(live.value(), 0u);
}

TEST(LiveCount, a_seal_with_no_slice_ever_issued_owns_the_slot) {
  LiveCount live;
  live.start();
  EXPECT_TRUE(live.seal(0));
  EXPECT_EQ(live.value(), 0u);
}

TEST(LiveCount, all_dropped_is_true_exactly_when_no_slice_is_alive) {
  LiveCount live;
  live.start();
  EXPECT_TRUE(live.all_dropped(0));
  EXPECT_FALSE(live.all_dropped(1));
  EXPECT_FALSE(live.drop());
  EXPECT_TRUE(live.all_dropped(1));
}

TEST(LiveCount, an_added_reference_is_dropped_like_an_issued_one) {
  LiveCount live;
  live.start();
  live.add();
  EXPECT_FALSE(live.drop());
  EXPECT_FALSE(live.all_dropped(1));
  EXPECT_FALSE(live.seal(1));
  EXPECT_TRUE(live.drop());
}

TEST(LiveCount, exactly_one_step_of_any_order_is_the_last) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 2000; ++round) {
    LiveCount live;
    live.start();
    std::uint64_t issued = 0;
    std::uint64_t alive = 0;
    bool sealed = false;
    for (bool last = false; !last;) {
      if (!sealed && random() % 2 == 0) ++issued, ++alive;
      if (alive != 0 && random() % 4 == 0) live.add(), ++alive;
      if (alive != 0 && random() % 2 == 0) {
        last = live.drop();
        --alive;
      } else if (!sealed && random() % 8 == 0) {
        last = live.seal(issued);
        sealed = true;
      }
      ASSERT_EQ(last, sealed && alive == 0);
      if (!sealed) {
        ASSERT_EQ(live.all_dropped(issued), alive == 0);
      }
    }
    ASSERT_EQ(live.value(), 0u);
  }
}

TEST(RefCount, only_the_last_release_is_told_so) {
  RefCount count;
  count.retain();
  count.retain();
  EXPECT_FALSE(count.release());
  EXPECT_FALSE(count.release());
  EXPECT_TRUE(count.release());
}

TEST(OwnerWord, nobody_owns_a_fresh_thing) {
  const OwnerWord owner;
  EXPECT_EQ(owner.get(), 0u);
}

TEST(OwnerWord, is_claimed_from_the_owner_that_was_seen_and_no_other) {
  OwnerWord owner;
  EXPECT_FALSE(owner.claim(3, 5));
  EXPECT_TRUE(owner.claim(0, 5));
  EXPECT_TRUE(owner.is(5));
  EXPECT_FALSE(owner.claim(0, 6));
  EXPECT_EQ(owner.get(), 5u);
}

TEST(OwnerWord, is_passed_on) {
  OwnerWord owner;
  ASSERT_TRUE(owner.claim(0, 5));
  owner.release(6);
  EXPECT_TRUE(owner.is(6));
  EXPECT_FALSE(owner.is(5));
}

TEST(Gauge, shows_what_was_set_last) {
  Gauge<std::uint32_t> gauge;
  EXPECT_EQ(gauge.get(), 0u);
  gauge.set(7);
  EXPECT_EQ(gauge.get(), 7u);
  EXPECT_EQ(Gauge<std::uint32_t>(9).get(), 9u);
}

TEST(Tally, add_returns_the_value_before) {
  Tally tally;
  EXPECT_EQ(tally.add(5), 0u);
  EXPECT_EQ(tally.add(1), 5u);
  tally.subtract(4);
  EXPECT_EQ(tally.get(), 2u);
}

TEST(Tally, raise_never_lowers) {
  Tally tally;
  tally.raise(5);
  tally.raise(3);
  EXPECT_EQ(tally.get(), 5u);
  tally.raise(6);
  EXPECT_EQ(tally.get(), 6u);
}

// --- Several threads. Each works through the same array, so that they meet at its elements.

constexpr std::size_t kElements = 100'000;

TEST(LiveCountThreads, of_two_unholds_at_once_exactly_one_wins) {
  for (int round = 0; round < 2; ++round) {
    std::vector<LiveCount> live(kElements);
    for (LiveCount& each : live) each.hold(1);
    std::vector<unsigned char> wins[2]{std::vector<unsigned char>(kElements),
                                       std::vector<unsigned char>(kElements)};
    test::Lockstep lockstep;
    on_threads(2, [&](int thread) {
      for (std::size_t i = 0; i < kElements; ++i) {
        lockstep.meet(thread, i);
        wins[thread][i] = live[i].unhold(1);
      }
    });
    for (std::size_t i = 0; i < kElements; ++i) ASSERT_EQ(wins[0][i] + wins[1][i], 1) << i;
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

// Each order on its own; the bytes are not atomic.

TEST(LiveCountThreads, a_last_drop_sees_what_was_written_before_the_seal) {
  LiveCount live;
  live.start();
  int byte = 0;
  one_then_the_other(
      [&] {
        byte = 7;
        EXPECT_FALSE(live.seal(1));
      },
      [&] {
        EXPECT_TRUE(live.drop());
        EXPECT_EQ(byte, 7);
      });
}

TEST(LiveCountThreads, a_last_drop_sees_what_was_written_before_another_drop) {
  LiveCount live;
  live.start();
  EXPECT_FALSE(live.seal(2));
  int byte = 0;
  one_then_the_other(
      [&] {
        byte = 7;
        EXPECT_FALSE(live.drop());
      },
      [&] {
        EXPECT_TRUE(live.drop());
        EXPECT_EQ(byte, 7);
      });
}

TEST(LiveCountThreads, a_last_seal_sees_what_was_written_before_a_drop) {
  LiveCount live;
  live.start();
  int byte = 0;
  one_then_the_other(
      [&] {
        byte = 7;
        EXPECT_FALSE(live.drop());
      },
      [&] {
        EXPECT_TRUE(live.seal(1));
        EXPECT_EQ(byte, 7);
      });
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
  int byte = 0;
  one_then_the_other(
      [&] {
        byte = 7;
        EXPECT_FALSE(count.release());
      },
      [&] {
        EXPECT_TRUE(count.release());
        EXPECT_EQ(byte, 7);
      });
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
  std::vector<unsigned char> wins[2]{std::vector<unsigned char>(kElements),
                                     std::vector<unsigned char>(kElements)};
  test::Lockstep lockstep;
  on_threads(2, [&](int thread) {
    for (std::size_t i = 0; i < kElements; ++i) {
      lockstep.meet(thread, i);
      wins[thread][i] = owners[i].claim(0, static_cast<std::uint64_t>(thread) + 1);
    }
  });
  for (std::size_t i = 0; i < kElements; ++i) ASSERT_EQ(wins[0][i] + wins[1][i], 1) << i;
}

TEST(OwnerWordThreads, the_next_owner_sees_what_the_one_before_wrote) {
  OwnerWord owner;
  ASSERT_TRUE(owner.claim(0, 1));
  int byte = 0;
  one_then_the_other(
      [&] {
        byte = 7;
        owner.release(0);
      },
      [&] {
        EXPECT_TRUE(owner.claim(0, 2));
        EXPECT_EQ(byte, 7);
      });
}

TEST(OwnerWordThreads, who_reads_that_the_owner_has_left_sees_what_it_wrote) {
  OwnerWord owner;
  ASSERT_TRUE(owner.claim(0, 1));
  int byte = 0;
  one_then_the_other(
      [&] {
        byte = 7;
        owner.release(0);
      },
      [&] {
        EXPECT_EQ(owner.get(), 0u);
        EXPECT_EQ(byte, 7);
      });
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
