// What must not be done with a resource, and what it says then. Each ends the process in every build.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/failure.hpp"
#include "bufferpool/pool_allocator.hpp"
#include "bufferpool/pool_resource.hpp"
#include "support/allocation_commands.hpp"
#include "support/blocks.hpp"
#include "support/slots.hpp"
#include "support/threads.hpp"

namespace bufferpool::test {
namespace {

class PoolResourceMisuseDeathTest : public ::testing::Test {
 protected:
  /// What a message begins with.
  [[nodiscard]] std::string about(const std::string& rest) const {
    return "bufferpool: resource on pool " + std::to_string(pool_.core().id()) +
           ": deallocate\\(.*\\): " + rest;
  }
  static std::string growth_fails(const std::string& rest) {
    return "bufferpool: resource on pool [0-9]+: size or growth of .*: " + rest;
  }
  static constexpr const char* kInside =
      "(lies 4 bytes inside|slot [0-9]+ is of a run|not from this resource)";
  static constexpr const char* kForeign = "not from this resource, or given back already";
  static constexpr const char* kFree =
      "block [0-9]+, of [0-9]+ bytes, of slot [0-9]+ is already free";

  SlotPool pool_{{.slots = 128}};
  PoolResource memory_{pool_};
};

TEST_F(PoolResourceMisuseDeathTest, a_message_names_the_block_and_its_slot) {
  for (const std::uint64_t slot : {0U, 1U}) {
    const std::size_t bytes = slot == 0 ? 64 : 1024;  // the second class gets the second slot
    std::vector<void*> blocks;
    for (int i = 0; i < 3; ++i) blocks.push_back(memory_.allocate(bytes, 8));
    std::ranges::sort(blocks);
    memory_.deallocate(blocks[1], bytes, 8);
    EXPECT_DEATH(memory_.deallocate(blocks[1], bytes, 8),
                 about("block 1, of " + std::to_string(bytes) + " bytes, of slot " +
                       std::to_string(slot) + " is already free"));
  }
}

TEST_F(PoolResourceMisuseDeathTest, a_foreign_pointer_is_reported) {
  void* volatile nothing = nullptr;  // or the compiler would know
  alignas(64) std::byte local[256] = {};
  const auto heap = std::make_unique<std::byte[]>(256);
  for (const std::size_t bytes : {0u, 8u, 100u, 5000u, 100'000u, 1'000'000u}) {
    EXPECT_DEATH(memory_.deallocate(local + 64, bytes), about(kForeign)) << bytes;
    EXPECT_DEATH(memory_.deallocate(heap.get() + 64, bytes), about(kForeign)) << bytes;
    EXPECT_DEATH(memory_.heap().deallocate(nothing, {bytes, 16}), about(kForeign)) << bytes;
  }
}

TEST_F(PoolResourceMisuseDeathTest, a_foreign_pointer_is_reported_while_upstream_blocks_are_alive) {
  void* const upstreams = memory_.allocate(100'000'000);
  alignas(64) std::byte local[256] = {};
  EXPECT_DEATH(memory_.deallocate(local + 64, 100), about(kForeign));
  constexpr const char* kItsShape = "a block from upstream, of 100000000 bytes aligned to 16";
  EXPECT_DEATH(memory_.deallocate(upstreams, 100), about(kItsShape));
  EXPECT_DEATH(memory_.deallocate(upstreams, 100'000'001), about(kItsShape));
  EXPECT_DEATH(memory_.deallocate(upstreams, 100'000'000, 64), about(kItsShape));
  memory_.deallocate(upstreams, 100'000'000);
  EXPECT_DEATH(memory_.deallocate(upstreams, 100'000'000), about(kForeign));
}

TEST_F(PoolResourceMisuseDeathTest, a_pointer_into_a_block_is_reported) {
  for (const std::size_t bytes : {8u, 24u, 64u, 80u, 1024u, 5120u, 65'536u}) {
    auto* const block = static_cast<std::byte*>(memory_.allocate(bytes, 8));
    for (const std::size_t inside : {std::size_t{1}, bytes / 4, bytes / 2, bytes - 1}) {
      EXPECT_DEATH(memory_.deallocate(block + inside, bytes, 8),
                   about("lies " + std::to_string(inside) + " bytes inside block [0-9]+, of " +
                         std::to_string(bytes) + " bytes"))
          << bytes;
    }
    memory_.deallocate(block, bytes, 8);
  }
}

TEST_F(PoolResourceMisuseDeathTest, a_second_release_is_reported) {
  for (const std::size_t bytes : {0u, 8u, 24u, 64u, 80u, 1024u, 5120u, 65'536u}) {
    void* const kept = memory_.allocate(bytes, 8);
    void* const block = memory_.allocate(bytes, 8);
    memory_.deallocate(block, bytes, 8);
    EXPECT_DEATH(memory_.deallocate(block, bytes, 8),
                 about(".*(is already free|was given back already)"))
        << bytes;
    memory_.deallocate(kept, bytes, 8);
  }
}

TEST_F(PoolResourceMisuseDeathTest, a_second_release_after_others_is_reported) {
  std::vector<void*> blocks;
  for (int i = 0; i < 5000; ++i) blocks.push_back(memory_.allocate(80));
  void* const first = blocks.front();
  for (std::size_t i = 0; i < blocks.size(); i += 2) memory_.deallocate(blocks[i], 80);
  EXPECT_DEATH(memory_.deallocate(first, 80), about(kFree));
  EXPECT_DEATH(memory_.deallocate(blocks[2500], 80), about(kFree));
  EXPECT_DEATH(memory_.deallocate(blocks[4998], 80), about(kFree));
}

TEST_F(PoolResourceMisuseDeathTest, a_second_release_by_another_thread_is_reported) {
  void* const block = memory_.allocate(80);
  memory_.deallocate(block, 80);
  EXPECT_DEATH(std::thread([&] { memory_.deallocate(block, 80); }).join(), about(kFree));
}

TEST_F(PoolResourceMisuseDeathTest, a_second_release_of_what_another_thread_released_is_reported) {
  void* const block = memory_.allocate(80);
  on_a_thread_that_ends([&] { memory_.deallocate(block, 80); });
  EXPECT_DEATH(memory_.deallocate(block, 80), about(kFree));
}

TEST_F(PoolResourceMisuseDeathTest, a_second_release_of_a_run_is_reported) {
  void* const run = memory_.allocate(1'000'000);
  memory_.deallocate(run, 1'000'000);
  EXPECT_DEATH(memory_.deallocate(run, 1'000'000), about("slot [0-9]+ holds no block"));
}

TEST_F(PoolResourceMisuseDeathTest, a_release_after_the_resource_gave_all_back_is_reported) {
  void* const block = memory_.allocate(80);
  void* const run = memory_.allocate(1'000'000);
  memory_.release();
  EXPECT_DEATH(memory_.deallocate(block, 80), about("slot [0-9]+ holds no block"));
  EXPECT_DEATH(memory_.deallocate(run, 1'000'000), about("slot [0-9]+ holds no block"));
}

TEST_F(PoolResourceMisuseDeathTest, a_size_of_another_class_is_reported) {
  for (const std::size_t bytes : {16u, 64u, 80u, 1024u, 65'536u}) {
    void* const block = memory_.allocate(bytes, 8);
    for (const std::size_t wrong : {bytes / 2, bytes + 1, bytes * 2, bytes * 100}) {
      EXPECT_DEATH(memory_.deallocate(block, wrong, 8),
                   about("block [0-9]+ of slot [0-9]+ has " + std::to_string(bytes) + " bytes"))
          << bytes << " as " << wrong;
    }
    memory_.deallocate(block, bytes, 8);
  }
}

/// Of the class of 64 bytes the states have the code of that of 3.5 MiB, and in these slots cells of the same length.
TEST_F(PoolResourceMisuseDeathTest, a_size_of_a_class_far_away_is_reported) {
  PoolResource memory(SlotPool({.slot_bytes = 1'000'016, .slots = 64}));
  constexpr std::size_t kLong = 3'670'016;
  void* const longest = memory.allocate(kLong, 8);
  ASSERT_EQ(memory.stats().of(kLong).in_use, 1u);
  EXPECT_DEATH(memory.deallocate(longest, 64, 8), "block 0 of slot [0-9]+ has 3670016 bytes");
  memory.deallocate(longest, kLong, 8);
  void* const shortest = memory.allocate(64, 8);
  EXPECT_DEATH(memory.deallocate(shortest, kLong, 8), "block [0-9]+ of slot [0-9]+ has 64 bytes");
  memory.deallocate(shortest, 64, 8);
}

TEST_F(PoolResourceMisuseDeathTest, an_alignment_of_another_class_is_reported) {
  void* const block = memory_.allocate(80, 8);
  EXPECT_DEATH(memory_.deallocate(block, 80, 128), about(".*has 80 bytes; pass the size and"));
  EXPECT_DEATH(memory_.deallocate(block, 80, 65'536), about(".*has 80 bytes; pass the size and"));
  EXPECT_DEATH(memory_.deallocate(block, 80, 3), about(".*has 80 bytes; pass the size and"));
  EXPECT_DEATH(memory_.deallocate(block, 80, 0), about(".*has 80 bytes; pass the size and"));
  memory_.deallocate(block, 80, 8);
}

TEST_F(PoolResourceMisuseDeathTest, a_run_given_back_as_what_a_class_serves_is_reported) {
  PoolResource memory(SlotPool({.slot_bytes = 1008, .slots = 17, .alignment = 16}));
  void* const run = memory.allocate(1000, 2);
  ASSERT_EQ(memory.stats().runs.in_use, 1u);
  EXPECT_DEATH(memory.deallocate(run, 100, 2), "is of a run of slots that was allocated with");
  PoolResource of_short_blocks(pool_, {.most_pooled_bytes = 100});
  void* const aligned = of_short_blocks.allocate(43, 128 * 1024);
  ASSERT_EQ(of_short_blocks.stats().runs.in_use, 1u);
  EXPECT_DEATH(of_short_blocks.deallocate(aligned, 43, 16), "is of a run of slots that was");
}

TEST_F(PoolResourceMisuseDeathTest, a_wrong_size_of_a_run_is_reported) {
  void* const run = memory_.allocate(1'000'000);
  const std::string wrong =
      about("slot [0-9]+ is of a run of slots that was allocated with another");
  for (const std::size_t bytes : {1u, 80u, 65'536u, 500'000u, 2'000'000u}) {
    EXPECT_DEATH(memory_.deallocate(run, bytes), wrong) << bytes;
  }
  EXPECT_DEATH(memory_.deallocate(static_cast<std::byte*>(run) + 16, 1'000'000), wrong);
  EXPECT_DEATH(memory_.deallocate(slot_after(pool_, run, 1), 1'000'000),
               about("slot [0-9]+ is inside of a run of slots"));
  memory_.deallocate(run, 1'000'000);
}

/// Runs of 13 slots, one behind the other: the block of one of four begins where its run does.
TEST_F(PoolResourceMisuseDeathTest, an_alignment_that_a_run_has_by_chance_is_reported) {
  PoolResource memory(SlotPool({.slot_bytes = 4096, .slots = 52, .alignment = 4096}));
  void* blocks[4] = {};
  for (void*& block : blocks) block = memory.allocate(10 * 4096, 16'384);
  for (void* const block : blocks) {
    EXPECT_DEATH(memory.deallocate(block, 13 * 4096, 8),
                 "is of a run of slots that was allocated with another size or alignment");
  }
  for (void* const block : blocks) memory.deallocate(block, 10 * 4096, 16'384);
}

TEST_F(PoolResourceMisuseDeathTest, the_front_of_an_aligned_blocks_run_is_reported) {
  SlotPool pool({.slot_bytes = 4096, .slots = 64});
  PoolResource memory(pool);
  for (const std::size_t alignment : {4096u, 16'384u}) {
    void* const block = memory.allocate(20'480, alignment);
    const std::size_t run_bytes = 20'480 + alignment - pool.core().alignment();
    const std::uint64_t slot = to_number(pool.index_of(block));
    for (std::uint64_t before = 0; before <= std::min<std::uint64_t>(slot, 4); ++before) {
      void* const front = pool.core().address_of(slot - before);
      if (front == block) continue;
      EXPECT_DEATH(memory.deallocate(front, run_bytes, 8),
                   "slot [0-9]+ (is of a run|is inside of a run|holds no block)");
    }
    memory.deallocate(block, 20'480, alignment);
  }
}

TEST_F(PoolResourceMisuseDeathTest, a_block_of_another_resource_on_the_pool_is_reported) {
  PoolResource other(pool_);
  void* const own = memory_.allocate(80);
  for (const std::size_t bytes : {8u, 80u, 65'536u, 1'000'000u}) {
    void* const others = other.allocate(bytes);
    EXPECT_DEATH(memory_.deallocate(others, bytes), about("slot [0-9]+ holds no block")) << bytes;
    other.deallocate(others, bytes);
  }
  memory_.deallocate(own, 80);
}

TEST_F(PoolResourceMisuseDeathTest, a_slot_of_the_pool_is_reported) {
  void* const slot = pool_.allocate();
  void* const run = pool_.allocate_run(16);
  EXPECT_DEATH(memory_.deallocate(slot, 64 * 1024), about("slot [0-9]+ holds no block"));
  EXPECT_DEATH(memory_.deallocate(slot, 16), about("slot [0-9]+ holds no block"));
  EXPECT_DEATH(memory_.deallocate(run, 1'000'000), about("slot [0-9]+ holds no block"));
  pool_.deallocate(slot);
  pool_.deallocate_run(run, 16);
}

TEST_F(PoolResourceMisuseDeathTest, a_block_is_reported_by_the_pool_that_its_slots_are_of) {
  for (const std::size_t bytes : {8u, 80u, 65'536u, 1'000'000u}) {
    void* const block = memory_.allocate(bytes);  // the first of its slab or run
    EXPECT_DEATH(pool_.deallocate(block), "slot [0-9]+ holds a resource's blocks") << bytes;
    EXPECT_DEATH(pool_.deallocate_run(block, 16), "slot [0-9]+ holds a resource's blocks") << bytes;
    EXPECT_DEATH(static_cast<void>(pool_.try_extend(block, 1, 2)), "holds a resource's blocks");
    memory_.deallocate(block, bytes);
  }
}

/// Asks for the size of the ints at `block`, or for more or fewer of them.
std::vector<std::function<void()>> growth_of(PoolAllocator<int> ints, void* block) {
  const auto ask = [=](unsigned command, std::size_t limit) {
    return [=]() mutable {
      std::size_t length = limit;
      auto* reuse = static_cast<int*>(block);
      static_cast<void>(ints.allocation_command(command, limit, length, reuse));
    };
  };
  return {[=] { static_cast<void>(ints.size(static_cast<const int*>(block))); },
          ask(kExpandForward, 1), ask(kExpandForward, 1'000'000), ask(kShrinkInPlace, 1)};
}

TEST_F(PoolResourceMisuseDeathTest, the_growth_of_what_is_no_block_is_reported) {
  alignas(64) std::byte local[256] = {};
  for (const auto& grow : growth_of(memory_, local + 64))
    EXPECT_DEATH(grow(), growth_fails(kForeign));
  for (const std::size_t bytes : {8u, 80u, 5000u, 65'536u, 1'000'000u, 100'000'000u}) {
    auto* const block = static_cast<std::byte*>(memory_.allocate(bytes));
    for (const auto& grow : growth_of(memory_, local + 64))
      EXPECT_DEATH(grow(), growth_fails(kForeign)) << bytes;
    for (const auto& grow : growth_of(memory_, block + 4))
      EXPECT_DEATH(grow(), growth_fails(kInside)) << bytes;
    EXPECT_GE(4 * PoolAllocator<int>(memory_).size(reinterpret_cast<int*>(block)), bytes / 4 * 4);
    memory_.deallocate(block, bytes);
  }
}

TEST_F(PoolResourceMisuseDeathTest, the_growth_of_a_free_block_is_reported) {
  for (const std::size_t bytes : {8u, 80u, 5000u, 65'536u, 1'000'000u}) {
    void* const block = memory_.allocate(bytes);
    memory_.deallocate(block, bytes);
    for (const auto& grow : growth_of(memory_, block))
      EXPECT_DEATH(grow(), growth_fails("(block|slot) [0-9]+.*(is already free|holds no block)"))
          << bytes;
  }
}

TEST_F(PoolResourceMisuseDeathTest, two_releases_of_an_upstream_block_at_once_are_reported) {
  const std::vector<void*> slots = take_all(pool_);
  for (int round = 0; round < 10; ++round) {
    void* const block = memory_.allocate(80);  // short: its end unmaps no page
    EXPECT_DEATH(on_threads(2, [&](int) { memory_.deallocate(block, 80); }), about(kForeign));
    memory_.deallocate(block, 80);
  }
  give_all(pool_, slots);
}

TEST_F(PoolResourceMisuseDeathTest, two_releases_of_a_run_at_once_are_reported) {
  for (int round = 0; round < 20; ++round) {
    void* const run = memory_.allocate(1'000'000);
    EXPECT_DEATH(on_threads(2, [&](int) { memory_.deallocate(run, 1'000'000); }),
                 "(resource|pool) [0-9]+.*(given back|is already free)");
    memory_.deallocate(run, 1'000'000);
  }
}

TEST_F(PoolResourceMisuseDeathTest, two_releases_of_a_block_at_once_are_reported_where_hardened) {
  if constexpr (!annotate::kHardened) return;  // a locked operation on every block
  for (int round = 0; round < 20; ++round) {
    void* const block = memory_.allocate(80);
    EXPECT_DEATH(on_threads(2, [&](int) { memory_.deallocate(block, 80); }), about(kFree));
    memory_.deallocate(block, 80);
  }
}

}  // namespace
}  // namespace bufferpool::test
