// Threads that lack slots while others use, release, make and end the resources that keep some.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/pool_resource.hpp"
#include "support/blocks.hpp"
#include "support/bytes.hpp"
#include "support/sanitizers.hpp"
#include "support/seed.hpp"
#include "support/slots.hpp"
#include "support/threads.hpp"

namespace bufferpool::test {
namespace {

constexpr int kRounds = kEveryStepIsSlow ? 300 : 3000;

class KeptSlotsThreads : public ::testing::Test {
 protected:
  static void take_and_write(SlotPool& pool, std::uint64_t stamp) {
    const auto bytes_of = [&](void* slot) {
      return std::span(static_cast<std::byte*>(slot), pool.slot_bytes());
    };
    const std::vector<void*> slots = take_all(pool);
    for (void* const slot : slots) write_pattern(bytes_of(slot), stamp);
    for (void* const slot : slots) {
      ASSERT_TRUE(holds_pattern(bytes_of(slot), stamp));
      pool.deallocate(slot);
    }
  }

  /// Blocks of random sizes, with a pattern in each.
  static void use_blocks(PoolResource& memory, std::mt19937_64& random) {
    std::vector<Block> held;
    for (int i = 0; i < 30; ++i) {
      held.push_back(allocate_block(memory, 1 + random() % 2000, 8, random()));
    }
    for (const Block& block : held) {
      ASSERT_TRUE(block.is_whole());
      free_block(memory, block);
    }
  }

  SlotPool pool_{{.slot_bytes = 1024, .slots = 128}};
};

TEST_F(KeptSlotsThreads, nothing_is_lost_where_all_lack_slots) {
  for (const std::uint64_t seed : seeds(1)) {
    SCOPED_TRACE(say(seed));
    PoolResource first(pool_);
    PoolResource second(pool_);
    on_threads(4, [&](int number) {
      std::mt19937_64 random(seed + static_cast<std::uint64_t>(number));
      SlotPool own = pool_;
      for (int round = 0; round < kRounds / 10 && !HasFailure(); ++round) {
        if (random() % 2 == 0) {
          take_and_write(own, random());
        } else {
          use_blocks(random() % 2 == 0 ? first : second, random);
        }
      }
    });
    EXPECT_TRUE(has_every_slot_once(pool_));
  }
}

TEST_F(KeptSlotsThreads, resources_come_and_go_while_others_lack_slots) {
  for (const std::uint64_t seed : seeds(1)) {
    SCOPED_TRACE(say(seed));
    std::atomic<bool> stops{false};
    std::thread lacking([&, own = pool_]() mutable {
      for (std::uint64_t stamp = 1; !stops && !HasFailure(); ++stamp) take_and_write(own, stamp);
    });
    std::mt19937_64 random(seed);
    std::optional<PoolResource> memory;
    for (int round = 0; round < kRounds && !HasFailure(); ++round) {
      if (!memory) memory.emplace(pool_);
      use_blocks(*memory, random);
      static_cast<void>(memory->allocate(100));  // goes with the resource
      if (random() % 2 == 0) {
        memory->release();
      } else {
        memory.reset();
      }
    }
    stops = true;
    lacking.join();
    memory.reset();
    EXPECT_TRUE(has_every_slot_once(pool_));
  }
}

}  // namespace
}  // namespace bufferpool::test
