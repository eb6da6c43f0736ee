// Threads fill every block that they get with a pattern of its own and find it unchanged when they, or
// others, give the block back. At the end everything is free, and the pool whole.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/pool_resource.hpp"
#include "support/blocks.hpp"
#include "support/mailbox.hpp"
#include "support/pool_shapes.hpp"
#include "support/resource_stats.hpp"
#include "support/sanitizers.hpp"
#include "support/seed.hpp"
#include "support/slots.hpp"
#include "support/threads.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::test {
namespace {

constexpr int kThreads = 4;

/// What threads do; each number is a share of their steps.
struct Mix {
  unsigned allocate = 5;
  unsigned free = 5;
  unsigned send = 0;
  unsigned receive = 0;
  unsigned freeze = 0;  // a slice of a buffer on the same pool
  unsigned thaw = 0;
  std::size_t most_bytes = 2000;
};

class Worker {
 public:
  Worker(PoolResource& memory, Mailbox<Block>& mailbox, std::uint64_t seed)
      : memory_(memory),
        mailbox_(mailbox),
        buffer_(memory.pool()),
        random_(seed),
        next_stamp_(seed << 32) {}

  void work(const Mix& mix, int steps) {
    const std::array<double, 6> shares{double(mix.allocate), double(mix.free),   double(mix.send),
                                       double(mix.receive),  double(mix.freeze), double(mix.thaw)};
    std::discrete_distribution<> choose(shares.begin(), shares.end());
    for (; steps != 0; --steps) step(choose(random_), mix.most_bytes);
  }
  void free_everything() {
    while (!held_.empty()) free();
    while (!slices_.empty()) thaw();
  }
  [[nodiscard]] std::uint64_t damaged() const { return damaged_; }

 private:
  void step(int what, std::size_t most_bytes) {
    if (what == 0 && held_.size() < 300) allocate(most_bytes);
    if (what == 1 && !held_.empty()) free();
    if (what == 2 && !held_.empty()) mailbox_.send(take_any());
    if (what == 3) receive();
    if (what == 4 && slices_.size() < 20) freeze(most_bytes);
    if (what == 5 && !slices_.empty()) thaw();
  }
  void allocate(std::size_t most_bytes) {
    // Short ones are likely, long ones occur.
    const std::size_t bytes = random_() % (2 + random_() % (2 + random_() % most_bytes));
    const std::size_t alignment = std::size_t{1} << (random_() % 16 == 0 ? random_() % 14 : 3);
    held_.push_back(allocate_block(memory_, bytes, alignment, ++next_stamp_));
    if (!held_.back().is_aligned()) ++damaged_;
  }
  [[nodiscard]] Block take_any() {
    std::swap(held_[random_() % held_.size()], held_.back());
    const Block block = held_.back();
    held_.pop_back();
    return block;
  }
  void free() {
    const Block block = take_any();
    if (!block.is_whole()) ++damaged_;
    free_block(memory_, block);
  }
  void receive() {
    const auto block = mailbox_.receive();
    if (block) held_.push_back(*block);
  }
  void freeze(std::size_t most_bytes) {
    ++next_stamp_;
    slices_.emplace_back(frozen_pattern(buffer_, 1 + random_() % most_bytes, next_stamp_),
                         next_stamp_);
  }
  void thaw() {
    std::swap(slices_[random_() % slices_.size()], slices_.back());
    if (!holds_pattern(slices_.back().first, slices_.back().second)) ++damaged_;
    slices_.pop_back();
  }

  PoolResource& memory_;
  Mailbox<Block>& mailbox_;
  BufferPool buffer_;
  std::mt19937_64 random_;
  std::uint64_t next_stamp_;
  std::vector<Block> held_;
  std::vector<std::pair<Slice, std::uint64_t>> slices_;
  std::uint64_t damaged_ = 0;
};

class PoolResourceStress : public ::testing::TestWithParam<PoolShape> {
 protected:
  /// Each thread runs `generations` times, one after the other.
  void storm(const Mix& mix, int steps, int generations = 1) {
    for (const std::uint64_t seed : seeds(kEveryStepIsSlow ? 1 : 2)) {
      SCOPED_TRACE(say(seed));
      std::atomic<std::uint64_t> damaged{0};
      const auto work = [&](std::uint64_t number) {
        Worker worker(memory_, mailbox_, seed * 100'000 + number);
        worker.work(mix, steps);
        worker.free_everything();
        damaged += worker.damaged();
      };
      on_threads(kThreads, [&](int thread) {
        for (int generation = 0; generation < generations; ++generation) {
          on_a_thread_that_ends(
              [&] { work(static_cast<std::uint64_t>(generation * kThreads + thread)); });
        }
      });
      while (const auto block = mailbox_.receive()) {
        if (!block->is_whole()) ++damaged;
        free_block(memory_, *block);
      }
      EXPECT_EQ(damaged, 0u);
      ASSERT_TRUE(is_quiet(memory_.stats()));
      ASSERT_EQ(upstream_.live_blocks(), 0u);
    }
    memory_.release();
    EXPECT_EQ(pool_.stats().taken_slots, 0u);
    EXPECT_TRUE(has_every_slot_once(pool_));
  }

  WatchedResource upstream_;
  SlotPool pool_ = GetParam().make(&upstream_);
  PoolResource memory_{pool_};
  Mailbox<Block> mailbox_;
};

INSTANTIATE_TEST_SUITE_P(Slots, PoolResourceStress,
                         ::testing::Values(PoolShape{"usual", 64 * 1024, 512},
                                           PoolShape{"of_256_bytes", 256, 2000},
                                           PoolShape{"of_4_KiB", 4096, 200},
                                           PoolShape{"of_100000_bytes", 100'000, 20, 16},
                                           PoolShape{"of_4_slots", 16 * 1024, 4},
                                           PoolShape{"of_1_slot", 16 * 1024, 1}),
                         ::testing::PrintToStringParamName());

TEST_P(PoolResourceStress, threads_free_what_they_allocated) {
  storm({.allocate = 5, .free = 4}, 20'000);
}

TEST_P(PoolResourceStress, threads_free_what_others_allocated) {
  storm({.allocate = 5, .free = 2, .send = 3, .receive = 3}, 20'000);
}

TEST_P(PoolResourceStress, some_threads_allocate_and_others_free) {
  std::atomic<int> producing{2};
  std::atomic<std::uint64_t> damaged{0};
  on_threads(kThreads, [&](int thread) {
    Worker worker(memory_, mailbox_, static_cast<std::uint64_t>(thread) + 1);
    if (thread < 2) {
      for (int i = 0; i < 200; ++i) {
        worker.work({.allocate = 1, .free = 0, .send = 1}, 100);
      }
      --producing;
    } else {
      while (producing != 0) worker.work({.allocate = 0, .free = 1, .receive = 1}, 100);
    }
    worker.free_everything();
    damaged += worker.damaged();
  });
  EXPECT_EQ(damaged, 0u);
  storm({.allocate = 0, .free = 1, .receive = 1}, 10);
}

TEST_P(PoolResourceStress, threads_come_and_go) {
  storm({.allocate = 5, .free = 3, .send = 1, .receive = 1}, 300, 60);
}

TEST_P(PoolResourceStress, long_blocks_and_short_ones_mix) {
  storm({.allocate = 5, .free = 4, .send = 1, .receive = 1, .most_bytes = 100'000}, 3000, 2);
}

TEST_P(PoolResourceStress, buffers_use_the_same_pool) {
  storm({.allocate = 5, .free = 4, .send = 1, .receive = 1, .freeze = 2, .thaw = 2}, 5000, 4);
}

}  // namespace
}  // namespace bufferpool::test
