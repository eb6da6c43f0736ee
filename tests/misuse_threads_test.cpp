// Two threads give the same thing back at the same time, a million times: one of them is the one who did, the
// other is told, and nothing is lost or free twice. (Of a block of a resource both may go on, but in a hardened
// build; then whoever is the second to take it is told.)
//
// (The sanitizers and Valgrind need half a minute for a million: there it is a tenth of that, but for the blocks of a
// hardened build, which is seldom tested without.)
#include <algorithm>
#include <array>
#include <barrier>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <memory_resource>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/annotate.hpp"
#include "bufferpool/failure.hpp"
#include "bufferpool/pool_resource.hpp"
#include "bufferpool/slot_pool.hpp"
#include "support/blocks.hpp"
#include "support/resource_stats.hpp"
#include "support/sanitizers.hpp"
#include "support/slots.hpp"
#include "support/two_threads.hpp"

namespace bufferpool::test {
namespace {

constexpr std::size_t kRounds = kEveryStepIsSlow ? 100'000 : 1'000'000;

constinit thread_local std::jmp_buf* before_the_release = nullptr;
constinit thread_local char last_message[512] = "";

/// In place of the process's end: the thread that was told goes on behind its call. A handler must not do so
/// but in a test; what it jumps over has no destructor and holds no lock.
void note_and_go_on(const char* message) {
  std::strncpy(last_message, message, sizeof last_message - 1);
  std::longjmp(*before_the_release, 1);
}

/// False: the failure handler was called.
template <class Release>
[[gnu::noinline]] bool counts(const Release& release) {
  std::jmp_buf here;
  before_the_release = &here;
  if (setjmp(here) != 0) return false;
  release();
  return true;
}

/// True: the release counts. If not, the message must be the one about a second release.
template <class Release>
bool counts_or_is_told(const Release& release, const char* part_of_message) {
  if (counts(release)) return true;
  EXPECT_NE(std::strstr(last_message, part_of_message), nullptr) << last_message;
  return false;
}

class TwoReleasesAtOnce : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { std::cout << "at least " << kRounds << " rounds\n"; }

  TwoReleasesAtOnce() { set_failure_handler(&note_and_go_on); }
  ~TwoReleasesAtOnce() override { set_failure_handler(nullptr); }

  /// Takes all of the pool as runs of so many slots, gives each back twice, and again.
  static void storm(SlotPool pool, std::uint64_t run_slots, std::size_t least_rounds) {
    for (std::size_t rounds = 0; rounds < least_rounds;) {
      std::vector<void*> runs(pool.slots() / run_slots);
      for (void*& run : runs) run = pool.allocate_run(run_slots);
      expect_one_winner(runs.size(), [&](int, std::size_t i) {
        return counts_or_is_told([&] { pool.deallocate_run(runs[i], run_slots); },
                                 "is already free");
      });
      ASSERT_EQ(pool.stats().taken_slots, 0U);
      rounds += runs.size();
    }
    EXPECT_TRUE(has_every_slot_once(pool));
  }
};

TEST_F(TwoReleasesAtOnce, of_a_slot_in_a_pool_with_magazines_one_counts) {
  storm(SlotPool({.slot_bytes = 16, .slots = 100'000}), 1, kRounds);
}

TEST_F(TwoReleasesAtOnce, of_a_run_one_counts) {
  storm(SlotPool({.slot_bytes = 16, .slots = 20'000}), 2, kRounds);
}

TEST_F(TwoReleasesAtOnce, of_a_slot_in_a_pool_without_magazines_one_counts) {
  std::vector<SlotPool> pools;  // each has 63 slots
  for (int i = 0; i < 200; ++i) pools.push_back(SlotPool({.slot_bytes = 16, .slots = 63}));
  std::vector<void*> slots(pools.size() * 63);
  for (std::size_t rounds = 0; rounds < kRounds; rounds += slots.size()) {
    for (std::size_t i = 0; i < slots.size(); ++i) slots[i] = pools[i / 63].allocate();
    expect_one_winner(slots.size(), [&](int, std::size_t i) {
      return counts_or_is_told([&] { pools[i / 63].deallocate(slots[i]); }, "is already free");
    });
  }
  for (SlotPool& pool : pools) ASSERT_TRUE(has_every_slot_once(pool));
}

/// Blocks of 64 bytes of one resource, which two threads give back both and share out among themselves.
class SharedBlocks {
 public:
  SharedBlocks() {
    for (void*& block : blocks_) block = memory_.allocate(kBytes, 1);
    std::ranges::sort(blocks_);
  }

  /// Both call it, for each round. How many releases of this thread counted.
  std::size_t give_all_back(int thread, std::size_t round) {
    std::size_t counted = 0;
    for (std::size_t i = 0; i < kBlocks; ++i) {
      lockstep_.meet(thread, round * kBlocks + i + 1);
      counted += counts_or_is_told([&] { memory_.deallocate(blocks_[i], kBytes, 1); },
                                   "bufferpool: resource");
    }
    return counted;
  }
  /// One calls it after the other: takes so many. How many of these were refused, as the other has them.
  std::size_t take(std::size_t count) {
    std::size_t refused = 0;
    for (; count != 0; --count) {
      const bool taken = counts_or_is_told([&] { taken_.push_back(memory_.allocate(kBytes, 1)); },
                                           "was given back twice");
      refused += taken ? 0 : 1;
    }
    return refused;
  }
  /// What was taken is there for the next round. True: as many as before, and nothing twice. (Not always the
  /// same ones, as some may wait in quarantine.)
  [[nodiscard]] bool share_out_again() {
    std::ranges::sort(taken_);
    const bool is_all =
        taken_.size() == kBlocks && std::ranges::adjacent_find(taken_) == taken_.end();
    if (is_all) std::ranges::copy(taken_, blocks_.begin());
    taken_.clear();
    return is_all;
  }

  static constexpr std::size_t kBlocks = 64;

 private:
  static constexpr std::size_t kBytes = 64;
  PoolResource memory_{SlotPool({.slots = 256, .upstream = std::pmr::null_memory_resource()})};
  std::array<void*, kBlocks> blocks_{};
  std::vector<void*> taken_;
  Lockstep lockstep_;
};

/// Upstream keeps the memory, as else the second release looks at what may be somebody else's.
TEST_F(TwoReleasesAtOnce, of_a_block_of_upstream_one_counts) {
  for (std::size_t rounds = 0; rounds < kRounds;) {
    std::pmr::monotonic_buffer_resource upstream;
    SlotPool pool({.slot_bytes = 16, .slots = 0, .upstream = &upstream});
    std::vector<void*> blocks(50'000);
    for (void*& block : blocks) block = pool.allocate();
    expect_one_winner(blocks.size(), [&](int, std::size_t i) {
      return counts_or_is_told([&] { pool.deallocate(blocks[i]); }, "is not from this pool");
    });
    rounds += blocks.size();
  }
}

TEST_F(TwoReleasesAtOnce, of_a_block_of_a_resource_stop_who_takes_it_second) {
  SharedBlocks blocks;
  std::size_t counted[2] = {};
  std::size_t refused = 0;
  bool is_right = true;
  std::barrier both(2);
  on_threads(2, [&](int thread) {
    for (std::size_t round = 0; round < kRounds / SharedBlocks::kBlocks; ++round) {
      counted[thread] = blocks.give_all_back(thread, round);
      both.arrive_and_wait();
      const std::size_t twice = counted[0] + counted[1] - SharedBlocks::kBlocks;
      if (thread == 0) refused += blocks.take(counted[0]);
      both.arrive_and_wait();
      if (thread == 1) {
        const std::size_t now = blocks.take(counted[1]);
        is_right &= now == twice && blocks.share_out_again();
        refused += now;
      }
      both.arrive_and_wait();
    }
  });
  EXPECT_TRUE(is_right);
  std::cout << refused << " blocks came back from both threads and were refused to the second\n";
}

TEST_F(TwoReleasesAtOnce, of_a_block_of_a_resource_one_counts) {
  if constexpr (!annotate::kHardened) {
    GTEST_SKIP() << "which release is the second is known in a hardened build only: elsewhere it "
                    "would cost a locked operation a block";
  }
  PoolResource memory(SlotPool({.slots = 256, .upstream = std::pmr::null_memory_resource()}));
  constexpr std::size_t kAllRounds = 1'000'000;  // also where steps are slow: no other build can
  for (std::size_t rounds = 0; rounds < kAllRounds;) {
    const std::vector<void*> blocks = take_all_blocks(memory, 64);
    ASSERT_GT(blocks.size(), 100'000U);
    expect_one_winner(blocks.size(), [&](int, std::size_t i) {
      return counts_or_is_told([&] { memory.deallocate(blocks[i], 64, 1); },
                               "bufferpool: resource");
    });
    ASSERT_TRUE(is_quiet(memory.stats()));
    rounds += blocks.size();
  }
}

TEST_F(TwoReleasesAtOnce, of_a_run_of_a_resource_one_counts) {
  SlotPool pool({.slot_bytes = 64, .slots = 100'000, .upstream = std::pmr::null_memory_resource()});
  PoolResource memory(pool);
  constexpr std::size_t kRunBytes = 5 * 64;  // above four slots a block is a run
  for (std::size_t rounds = 0; rounds < kRounds;) {
    const std::vector<void*> runs = take_all_blocks(memory, kRunBytes);
    ASSERT_EQ(runs.size(), pool.slots() / 5);
    // Told by the pool or by the resource, as far as the first release has got.
    expect_one_winner(runs.size(), [&](int, std::size_t i) {
      return counts_or_is_told([&] { memory.deallocate(runs[i], kRunBytes, 1); }, "already");
    });
    ASSERT_TRUE(has_every_slot_once(pool));
    rounds += runs.size();
  }
}

}  // namespace
}  // namespace bufferpool::test
