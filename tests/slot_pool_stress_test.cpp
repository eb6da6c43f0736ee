// Threads write their stamp over every slot that they take, and find it unchanged when they give it
// back. At the end every slot can be taken exactly once.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/slot_pool.hpp"
#include "support/mailbox.hpp"
#include "support/seed.hpp"
#include "support/slots.hpp"
#include "support/threads.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::test {
namespace {

constexpr std::size_t kSlotBytes = 48;  // not a power of two
constexpr std::size_t kWordsASlot = kSlotBytes / sizeof(std::uint64_t);

/// Slots in use, filled with the stamp of who took them.
struct Block {
  void* data;
  std::uint64_t slots;
  std::uint64_t stamp;

  [[nodiscard]] std::span<std::uint64_t> words(std::uint64_t from = 0) const {
    return std::span(static_cast<std::uint64_t*>(data), slots * kWordsASlot)
        .subspan(from * kWordsASlot);
  }
  void write_stamp(std::uint64_t from_slot = 0) const {
    for (std::uint64_t& word : words(from_slot)) word = stamp;
  }
  [[nodiscard]] bool is_unchanged() const {
    for (const std::uint64_t word : words()) {
      if (word != stamp) return false;
    }
    return true;
  }
};

/// What threads do; each number is a share of their steps.
struct Mix {
  unsigned take = 4;
  unsigned take_run = 0;
  unsigned extend = 0;
  unsigned give = 4;
  unsigned send = 0;
  unsigned receive = 0;
};

class Worker {
 public:
  Worker(SlotPool& pool, Mailbox<Block>& mailbox, std::uint64_t seed)
      : pool_(pool), mailbox_(mailbox), random_(seed), next_stamp_(seed << 32) {}

  void work(const Mix& mix, int steps) {
    std::discrete_distribution<> choose({double(mix.take), double(mix.take_run), double(mix.extend),
                                         double(mix.give), double(mix.send), double(mix.receive)});
    for (; steps != 0; --steps) step(choose(random_));
  }
  void give_everything() {
    while (!held_.empty()) give();
  }
  [[nodiscard]] std::uint64_t damaged() const { return damaged_; }

 private:
  void step(int choice) {
    switch (choice) {
      case 0:
        if (void* const slot = pool_.try_allocate()) keep(slot, 1);
        break;
      case 1: {
        const std::uint64_t slots = 1 + random_() % 7;
        keep(pool_.allocate_run(slots), slots);
        break;
      }
      case 2:
        if (pick()) extend(held_.back());
        break;
      case 3:
        if (pick()) give();
        break;
      case 4:
        if (!pick()) break;
        mailbox_.send(held_.back());
        held_.pop_back();
        break;
      default:
        if (const auto block = mailbox_.receive()) held_.push_back(*block);
    }
  }
  void keep(void* data, std::uint64_t slots) {
    held_.push_back({data, slots, ++next_stamp_});
    held_.back().write_stamp();
    if (held_.size() > kMostHeld) give();
  }
  void extend(Block& block) {
    const std::uint64_t more = block.slots + 1 + random_() % 3;
    if (!pool_.try_extend(block.data, block.slots, more)) return;
    const std::uint64_t before = std::exchange(block.slots, more);
    block.write_stamp(before);
  }
  void give() {
    if (!held_.back().is_unchanged()) ++damaged_;
    pool_.deallocate_run(held_.back().data, held_.back().slots);
    held_.pop_back();
  }
  /// Puts a random one last; false: there is none.
  bool pick() {
    if (held_.empty()) return false;
    std::swap(held_[random_() % held_.size()], held_.back());
    return true;
  }

  static constexpr std::size_t kMostHeld = 100;
  SlotPool& pool_;
  Mailbox<Block>& mailbox_;
  std::mt19937_64 random_;
  std::uint64_t next_stamp_;
  std::uint64_t damaged_ = 0;
  std::vector<Block> held_;
};

class SlotPoolStress : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  static constexpr int kThreads = 4;

  /// Runs several threads at a time; each is followed by another when it ends, `generations` times.
  void storm(const Mix& mix, int steps, int generations = 1) {
    const std::uint64_t seed = fresh_seed();
    SCOPED_TRACE(say(seed));
    std::atomic<std::uint64_t> damaged{0};
    const auto work = [&](int number) {
      // Whoever uses another pool first comes to this one with a ticket.
      if (number % 2 == 0) other_pool_.deallocate(other_pool_.allocate());
      Worker worker(pool_, mailbox_, (seed & 0xFFFFFFu) + static_cast<std::uint64_t>(number) + 1);
      worker.work(mix, steps);
      worker.give_everything();
      damaged += worker.damaged();
    };
    on_threads(kThreads, [&](int thread) {
      for (int generation = 0; generation < generations; ++generation) {
        on_a_thread_that_ends([&] { work(generation * kThreads + thread); });
      }
    });
    while (const auto block = mailbox_.receive()) {
      if (!block->is_unchanged()) ++damaged;
      pool_.deallocate_run(block->data, block->slots);
    }
    EXPECT_EQ(damaged, 0u);
    EXPECT_EQ(upstream_.live_blocks(), 0u);
    EXPECT_EQ(pool_.stats().taken_slots, 0u);
    EXPECT_TRUE(has_every_slot_once(pool_));
  }

  WatchedResource upstream_;
  SlotPool pool_{{.slot_bytes = kSlotBytes, .slots = GetParam(), .upstream = &upstream_}};
  SlotPool other_pool_{{.slot_bytes = kSlotBytes, .slots = 64}};
  Mailbox<Block> mailbox_;
};

INSTANTIATE_TEST_SUITE_P(Slots, SlotPoolStress, ::testing::Values(8, 63, 64, 65, 1024, 5000),
                         ::testing::PrintToStringParamName());

TEST_P(SlotPoolStress, threads_give_back_what_they_took) { storm({.take = 5, .give = 4}, 20'000); }

TEST_P(SlotPoolStress, threads_give_back_what_others_took) {
  storm({.take = 5, .give = 2, .send = 3, .receive = 3}, 20'000);
}

TEST_P(SlotPoolStress, threads_come_and_go) {
  storm({.take = 5, .give = 3, .send = 1, .receive = 1}, 300, 200);
}

TEST_P(SlotPoolStress, runs_and_single_slots_mix) {
  storm({.take = 5, .take_run = 3, .extend = 3, .give = 7}, 10'000);
}

TEST_P(SlotPoolStress, runs_and_single_slots_mix_among_threads_that_come_and_go) {
  storm({.take = 5, .take_run = 3, .extend = 3, .give = 4, .send = 3, .receive = 3}, 300, 30);
}

TEST_P(SlotPoolStress, some_threads_only_take_and_some_only_give) {
  const int steps = 20'000;
  std::atomic<int> taking{2};
  std::atomic<std::uint64_t> damaged{0};
  on_threads(kThreads, [&](int thread) {
    Worker worker(pool_, mailbox_, static_cast<std::uint64_t>(thread) + 1);
    if (thread < 2) {
      worker.work({.take = 1, .give = 0, .send = 1}, steps);
      --taking;
    } else {
      while (taking != 0) worker.work({.take = 0, .give = 1, .receive = 1}, 100);
    }
    worker.give_everything();
    damaged += worker.damaged();
  });
  storm({.take = 0, .give = 1, .receive = 1}, 10);
  EXPECT_EQ(damaged, 0u);
}

TEST_P(SlotPoolStress, every_slot_of_a_full_pool_changes_hands) {
  // Each thread takes as much as it gets and gives all of it back, so that full and free alternate.
  std::atomic<std::uint64_t> damaged{0};
  on_threads(kThreads, [&](int thread) {
    std::vector<Block> all;
    for (std::uint64_t round = 1; round <= 20; ++round) {
      const std::uint64_t stamp = round << 8 | static_cast<std::uint64_t>(thread);
      while (void* const slot = pool_.try_allocate()) {
        all.push_back({slot, 1, stamp});
        all.back().write_stamp();
      }
      for (const Block& block : all) {
        if (!block.is_unchanged()) ++damaged;
        pool_.deallocate(block.data);
      }
      all.clear();
    }
  });
  EXPECT_EQ(damaged, 0u);
  EXPECT_TRUE(has_every_slot_once(pool_));
}

}  // namespace
}  // namespace bufferpool::test
