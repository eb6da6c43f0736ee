#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <memory_resource>
#include <new>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/pool_resource.hpp"
#include "support/blocks.hpp"
#include "support/resource_stats.hpp"
#include "support/sanitizers.hpp"
#include "support/seed.hpp"
#include "support/threads.hpp"

namespace bufferpool::test {
namespace {

class PoolResourceStatsTest : public ::testing::Test {
 protected:
  SlotPool pool_{{.slots = 1024, .upstream = std::pmr::null_memory_resource()}};
  PoolResource memory_{pool_};
};

TEST_F(PoolResourceStatsTest, a_fresh_resource_holds_nothing) {
  const PoolResourceStats stats = memory_.stats();
  EXPECT_TRUE(is_quiet(stats));
  EXPECT_EQ(sum_of(stats).cached, 0u);
  EXPECT_EQ(sum_of(stats).peak, 0u);
  EXPECT_EQ(sum_of(stats).upstream_calls, 0u);
  EXPECT_GT(stats.metadata_bytes, 0u);
}

TEST_F(PoolResourceStatsTest, a_block_counts_in_the_class_that_serves_its_size) {
  for (std::size_t bytes = 1; bytes <= 1024 * 1024; bytes += bytes / 7 + 1) {
    void* const block = memory_.allocate(bytes, 1);
    const BlockStats of_size = memory_.stats().of(bytes);
    EXPECT_EQ(of_size.in_use, 1u) << bytes;
    EXPECT_EQ(of_size.asked_bytes, bytes);
    EXPECT_GE(of_size.handed_out_bytes, bytes);
    memory_.deallocate(block, bytes, 1);
    EXPECT_EQ(memory_.stats().of(bytes).in_use, 0u) << bytes;
    EXPECT_TRUE(is_quiet(memory_.stats()));
  }
}

/// As it may be where allocate_at_least() or a Boost vector got more than it asked for.
TEST_F(PoolResourceStatsTest,
       bytes_asked_for_are_within_what_is_handed_out_whatever_length_comes_back) {
  const auto is_within = [this](std::size_t bytes) {
    const BlockStats found = memory_.stats().of(bytes);
    return found.asked_bytes <= found.handed_out_bytes;
  };
  for (const std::size_t bytes : {std::size_t{57}, 5 * pool_.slot_bytes() - 9}) {
    for (const std::ptrdiff_t more : {-7, 7, 7}) {
      const std::size_t asked = more < 0 ? bytes + 7 : bytes;
      for (int i = 0; i < 3; ++i) {
        void* const block = memory_.allocate(asked, 1);
        EXPECT_TRUE(is_within(bytes)) << bytes;
        memory_.deallocate(block, asked + static_cast<std::size_t>(more), 1);
        EXPECT_EQ(memory_.stats().of(bytes).asked_bytes, 0u) << bytes << ' ' << more;
      }
    }
  }
}

TEST_F(PoolResourceStatsTest, what_is_handed_out_is_at_most_a_quarter_more_than_what_is_asked_for) {
  double worst = 0;
  for (std::size_t bytes = 33; bytes <= 1024 * 1024; bytes += bytes < 5000 ? 1 : bytes / 1000) {
    void* const block = memory_.allocate(bytes, 1);
    const BlockStats held = sum_of(memory_.stats());
    const double waste =
        static_cast<double>(held.handed_out_bytes) / static_cast<double>(held.asked_bytes);
    ASSERT_LE(waste, 1.25) << bytes;
    worst = std::max(worst, waste);
    memory_.deallocate(block, bytes, 1);
  }
  RecordProperty("worst_waste", std::to_string(worst));
}

/// Of blocks up to five slots, of which the last are runs. What is just too long for one wastes most of the next.
void expect_little_waste(std::size_t slot_bytes) {
  const SlotPool pool(
      {.slot_bytes = slot_bytes, .slots = 64, .upstream = std::pmr::null_memory_resource()});
  PoolResource memory(pool);
  const std::size_t most = 5 * slot_bytes;
  for (std::size_t bytes = 33; bytes <= most;) {
    void* const block = memory.allocate(bytes, 1);
    const BlockStats held = sum_of(memory.stats());
    ASSERT_EQ(held.asked_bytes, bytes);
    ASSERT_GE(held.handed_out_bytes, bytes);
    ASSERT_LE(4 * held.handed_out_bytes, 5 * bytes) << bytes;
    memory.deallocate(block, bytes, 1);
    bytes = held.handed_out_bytes + 1;
  }
}

/// Four of the longest slots are as long as the largest class.
TEST(PoolResourceWaste, is_at_most_a_quarter_in_slots_of_any_length) {
  for (const std::size_t slot_bytes : {4096u, 65'536u, 100'000u, 262'144u, 2'000'000u, 16u << 20}) {
    SCOPED_TRACE(slot_bytes);
    expect_little_waste(slot_bytes);
  }
}

/// What one thread holds, counted without the resource.
struct Counted {
  std::uint64_t in_use = 0;
  std::uint64_t peak = 0;
  std::uint64_t asked_bytes = 0;
};

TEST_F(PoolResourceStatsTest, are_exact_while_one_thread_uses_it) {
  constexpr std::array<std::size_t, 6> kSizes{8, 100, 1000, 5000, 60'000, 400'000};
  for (const std::uint64_t seed : seeds(3)) {
    SCOPED_TRACE(say(seed));
    PoolResource memory(pool_);
    std::mt19937_64 random(seed);
    std::array<Counted, kSizes.size()> counted{};
    std::array<std::vector<void*>, kSizes.size()> held;
    for (int step = 0; step < 20'000; ++step) {
      const std::size_t kind = random() % kSizes.size();
      Counted& count = counted[kind];
      const bool grows = random() % 1000 < (step / 1000 % 2 == 0 ? 600u : 400u);
      if (grows && held[kind].size() < 20'000'000 / kSizes[kind] && held[kind].size() < 500) {
        held[kind].push_back(memory.allocate(kSizes[kind], 1));
        count.peak = std::max(count.peak, ++count.in_use);
        count.asked_bytes += kSizes[kind];
      } else if (!held[kind].empty()) {
        memory.deallocate(held[kind].back(), kSizes[kind], 1);
        held[kind].pop_back();
        --count.in_use;
        count.asked_bytes -= kSizes[kind];
      }
      if (random() % 64 != 0) continue;
      const PoolResourceStats stats = memory.stats();
      for (std::size_t i = 0; i < kSizes.size(); ++i) {
        const BlockStats& of_size = stats.of(kSizes[i]);
        ASSERT_EQ(of_size.in_use, counted[i].in_use) << kSizes[i] << ", step " << step;
        ASSERT_EQ(of_size.peak, counted[i].peak) << kSizes[i] << ", step " << step;
        ASSERT_EQ(of_size.asked_bytes, counted[i].asked_bytes) << kSizes[i] << ", step " << step;
      }
    }
  }
}

TEST_F(PoolResourceStatsTest, free_blocks_in_magazines_are_cached_and_not_in_use) {
  std::vector<void*> blocks;
  for (int i = 0; i < 100; ++i) blocks.push_back(memory_.allocate(64));
  free_all_blocks(memory_, blocks, 64);
  const BlockStats of_64 = memory_.stats().of(64);
  EXPECT_EQ(of_64.in_use, 0u);
  EXPECT_GE(of_64.cached, 1u);
  EXPECT_EQ(of_64.peak, 100u);
}

TEST_F(PoolResourceStatsTest, what_threads_hold_adds_up) {
  constexpr std::size_t kThreads = 4;
  std::vector<std::vector<void*>> of_thread(kThreads);
  on_threads(kThreads, [&](int thread) {
    for (int i = 0; i < 300; ++i) {
      of_thread[static_cast<std::size_t>(thread)].push_back(memory_.allocate(200));
    }
  });
  BlockStats of_200 = memory_.stats().of(200);
  EXPECT_EQ(of_200.in_use, kThreads * 300);
  EXPECT_EQ(of_200.asked_bytes, kThreads * 300 * 200);
  EXPECT_GE(of_200.peak, kThreads * 300);
  // Each is given back by another thread, and by some that did not live when it was taken.
  on_threads(kThreads, [&](int thread) {
    free_all_blocks(memory_, of_thread[(static_cast<std::size_t>(thread) + 1) % kThreads], 200);
  });
  EXPECT_TRUE(is_quiet(memory_.stats()));
}

TEST_F(PoolResourceStatsTest, runs_count_in_whole_slots) {
  void* const run = memory_.allocate(700'000);
  const BlockStats runs = memory_.stats().runs;
  EXPECT_EQ(runs.in_use, 1u);
  EXPECT_EQ(runs.peak, 1u);
  EXPECT_EQ(runs.asked_bytes, 700'000u);
  EXPECT_EQ(runs.handed_out_bytes, 11u * 64 * 1024);
  memory_.deallocate(run, 700'000);
  EXPECT_EQ(memory_.stats().runs.in_use, 0u);
  EXPECT_EQ(memory_.stats().runs.peak, 1u);
}

// --- Bookkeeping: pages that the system commits while the whole region is handed out, untouched.

constexpr bool bookkeeping_can_be_measured() { return !annotate::kEnabled && !kThreadSanitizer; }

/// Memory that the system has committed to this process; 0: it does not tell.
std::uint64_t committed_bytes() {
  std::ifstream lines("/proc/self/smaps_rollup");
  for (std::string word; lines >> word;) {
    std::uint64_t kib = 0;
    if (word == "Rss:" && lines >> kib) return kib * 1024;
  }
  return 0;
}

/// Of the region that is handed out in blocks of one size.
double part_for_bookkeeping(std::size_t bytes) {
  constexpr std::uint64_t kRegionBytes = 1024 * 64 * 1024;
  SlotPool pool({.slots = 1024, .upstream = std::pmr::null_memory_resource()});
  PoolResource memory(pool);
  const std::uint64_t before = committed_bytes();
  std::uint64_t blocks = 0;
  try {
    for (;; ++blocks) static_cast<void>(memory.allocate(bytes, 1));
  } catch (const std::bad_alloc&) {
  }
  const std::uint64_t taken = committed_bytes() - before;
  EXPECT_GE(blocks * bytes, kRegionBytes * 85 / 100) << bytes;
  return static_cast<double>(taken) / static_cast<double>(kRegionBytes);
}

class PoolResourceBookkeeping : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!bookkeeping_can_be_measured() || committed_bytes() == 0) {
      GTEST_SKIP() << "the pages of a sanitizer would be counted, or the system counts none";
    }
    static_cast<void>(part_for_bookkeeping(64));  // the first throw, the first thread ticket
  }
};

TEST_F(PoolResourceBookkeeping, takes_at_most_2_percent_of_the_region_for_blocks_from_64_bytes_on) {
  for (const std::size_t bytes : {64u, 80u, 112u, 128u, 256u, 1024u, 5120u, 65'536u, 262'144u}) {
    const double part = part_for_bookkeeping(bytes);
    std::cout << "bookkeeping for blocks of " << bytes << " bytes: " << part * 100 << " %\n";
    EXPECT_LE(part, 0.02) << bytes;
  }
}

TEST_F(PoolResourceBookkeeping, takes_a_byte_and_a_bit_for_each_cell_of_shorter_blocks) {
  for (const std::size_t bytes : {8u, 16u, 24u, 32u, 40u, 48u, 56u}) {
    const double part = part_for_bookkeeping(bytes);
    std::cout << "bookkeeping for blocks of " << bytes << " bytes: " << part * 100 << " %\n";
    const auto cell_bytes = static_cast<double>(std::bit_floor(bytes));
    EXPECT_LE(part, 1.125 / cell_bytes + 0.0025) << bytes;
  }
}

}  // namespace
}  // namespace bufferpool::test
