// Threads take and give blocks of many classes in a pool so small that its slots change their class all the
// time: no block is anyone else's meanwhile, and in the end nothing is lost.
#include <atomic>
#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/annotate.hpp"
#include "support/sanitizers.hpp"
#include "support/seed.hpp"
#include "support/slabs.hpp"
#include "support/slots.hpp"
#include "support/threads.hpp"

namespace bufferpool::detail {
namespace {

using test::PoolShape;
using test::Slabs;

constexpr int kThreads = 4;
constexpr std::size_t kUnitBytes = 8;  // every block is a multiple

/// Who holds every 8 bytes of the pool; nobody: 0.
class Owners {
 public:
  explicit Owners(const SlotPool& pool)
      : base_(pool.core().address_of(0)), units_(pool.slots() * pool.slot_bytes() / kUnitBytes) {}

  /// How many of the block's units were not `before`.
  [[nodiscard]] std::uint64_t change(const std::byte* block, std::size_t bytes,
                                     unsigned char before, unsigned char after) {
    std::uint64_t wrong = 0;
    const auto first = static_cast<std::size_t>(block - base_) / kUnitBytes;
    for (std::size_t unit = first; unit < first + bytes / kUnitBytes; ++unit) {
      wrong += units_[unit].exchange(after, std::memory_order_relaxed) != before;
    }
    return wrong;
  }

 private:
  const std::byte* base_;
  std::vector<std::atomic<unsigned char>> units_;
};

struct Held {
  BlockClaim claim;
  SizeClass size_class;
};

class Worker {
 public:
  Worker(Slabs& slabs, Owners& owners, unsigned char name)
      : slabs_(slabs), owners_(owners), name_(name) {}

  void take(SizeClass size_class, unsigned most, std::uint32_t from) {
    const BlockClaim claim = slabs_.take(size_class, most, from);
    if (claim.mask == 0) return;
    held_.push_back({claim, size_class});
    change(held_.back(), 0, name_);
  }
  void give(std::size_t number) {
    std::swap(held_[number], held_.back());
    const Held held = held_.back();
    held_.pop_back();
    change(held, name_, 0);
    wrong_ += !slabs_->give(held.claim);
  }
  void give_all() {
    while (!held_.empty()) give(0);
  }
  [[nodiscard]] std::size_t held() const { return held_.size(); }
  [[nodiscard]] std::uint64_t wrong() const { return wrong_; }

 private:
  void change(const Held& held, unsigned char before, unsigned char after) {
    const std::size_t bytes = bytes_of(held.size_class);
    for (std::byte* const block : slabs_.blocks_in(held.claim, held.size_class)) {
      wrong_ += owners_.change(block, bytes, before, after);
      stamp(block, bytes, after != 0);
    }
  }
  /// Plain bytes of the block: who takes it must see what was done by who gave it.
  void stamp(std::byte* block, std::size_t bytes, bool is_taken) {
    const std::byte own{name_};
    if (is_taken) {
      annotate::unpoison(block, bytes);
      block[0] = block[bytes - 1] = own;
    } else {
      wrong_ += block[0] != own || block[bytes - 1] != own;
      annotate::retire(block, bytes);
    }
  }

  Slabs& slabs_;
  Owners& owners_;
  unsigned char name_;
  std::vector<Held> held_;
  std::uint64_t wrong_ = 0;
};

class SlabTableThreads : public ::testing::TestWithParam<PoolShape> {
 protected:
  /// `classes` are the numbers of those that the threads use.
  void storm(const std::vector<unsigned>& classes, int steps) {
    for (const std::uint64_t seed : test::seeds(test::kEveryStepIsSlow ? 1 : 3)) {
      SCOPED_TRACE(test::say(seed));
      std::atomic<std::uint64_t> wrong{0};
      test::on_threads(kThreads, [&](int thread) {
        std::mt19937_64 random(seed * kThreads + static_cast<std::uint64_t>(thread));
        Worker worker(slabs_, owners_, static_cast<unsigned char>(thread + 1));
        for (int step = 0; step < steps; ++step) {
          const auto size_class = SizeClass(classes[random() % classes.size()]);
          if (worker.held() < 6 && random() % 2 == 0) {
            const auto most = static_cast<unsigned>(1 + random() % 64);
            worker.take(size_class, most, static_cast<std::uint32_t>(random()));
          } else if (worker.held() != 0) {
            worker.give(random() % worker.held());
          }
          if (random() % 32 == 0) slabs_->release_free_slabs();
          if (random() % 256 == 0) worker.give_all();
        }
        worker.give_all();
        wrong += worker.wrong();
      });
      EXPECT_EQ(wrong, 0u) << "a block had two holders, or was free while it was held";
      slabs_->release_free_slabs();
      ASSERT_EQ(slabs_.pool.stats().taken_slots, 0u) << "a free slab was not found";
      ASSERT_TRUE(test::has_every_slot_once(slabs_.pool));
    }
  }
  Slabs slabs_{GetParam()};
  Owners owners_{slabs_.pool};
};

INSTANTIATE_TEST_SUITE_P(Slots, SlabTableThreads,
                         ::testing::Values(PoolShape{"one", 4096, 1}, PoolShape{"two", 4096, 2},
                                           PoolShape{"few", 4096, 5},
                                           PoolShape{"with_magazines", 512, 128},
                                           PoolShape{"tiny", 64, 100},
                                           PoolShape{"odd", 2000, 16, 16}),
                         ::testing::PrintToStringParamName());

TEST_P(SlabTableThreads, one_class) { storm({5}, 20'000); }

TEST_P(SlabTableThreads, slots_change_between_classes_whose_bits_lie_in_the_same_words) {
  storm({0, 1, 2, 3, 4, 6}, 20'000);
}

TEST_P(SlabTableThreads, slots_change_between_classes_of_one_word_and_of_many) {
  storm({0, 7, 8, 12, 20}, 20'000);
}

TEST_P(SlabTableThreads, slots_change_between_slabs_of_one_slot_and_of_several) {
  storm({0, 4, 9, 16, 17, 18, 20, 22, 24, 28, 33}, 20'000);
}

}  // namespace
}  // namespace bufferpool::detail
