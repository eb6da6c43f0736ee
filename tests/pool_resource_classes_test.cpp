// Memory moves between size classes, and between them and whoever else uses the pool.
#include <algorithm>
#include <cstdint>
#include <memory_resource>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/pool_resource.hpp"
#include "support/blocks.hpp"
#include "support/pool_shapes.hpp"
#include "support/sanitizers.hpp"
#include "support/seed.hpp"
#include "support/slots.hpp"
#include "support/threads.hpp"

namespace bufferpool::test {
namespace {

class PoolResourceClasses : public ::testing::TestWithParam<PoolShape> {
 protected:
  [[nodiscard]] std::size_t region_bytes() const { return pool_.slots() * pool_.slot_bytes(); }

  /// The least part of the region that blocks of a class fill: what is behind the last block of a slab,
  /// and slots that are too few for another slab, is left over.
  [[nodiscard]] double part_to_fill(std::size_t bytes) const {
    if (bytes * 16 <= pool_.slot_bytes()) return 0.9;
    return pool_.slots() >= 128 && bytes * 8 <= region_bytes() ? 0.8 : 0.5;
  }
  /// Takes all that there is in blocks of one size.
  [[nodiscard]] std::vector<void*> fill(std::size_t bytes, double part_of_that = 1) {
    std::vector<void*> blocks = take_all_blocks(memory_, bytes);
    EXPECT_GE(static_cast<double>(blocks.size() * bytes),
              part_of_that * part_to_fill(bytes) * static_cast<double>(region_bytes()))
        << "in blocks of " << bytes;
    return blocks;
  }
  /// Of every class; with a sanitizer of every third, so that each place in a power of two has its turn, but not of the
  /// smallest, which take most of the time.
  [[nodiscard]] static std::vector<std::size_t> sizes() {
    constexpr unsigned kStep = kEveryStepIsSlow ? 3 : 1;
    std::vector<std::size_t> all;
    for (unsigned index = kStep - 1; index < detail::kSizeClasses; index += kStep) {
      all.push_back(detail::bytes_of(detail::SizeClass(index)));
    }
    return all;
  }

  SlotPool pool_ = GetParam().make(std::pmr::null_memory_resource());
  PoolResource memory_{pool_};
};

/// Half a minute in which ThreadSanitizer has nothing to say.
class PoolResourceClassesOfOneThread : public PoolResourceClasses {
 protected:
  void SetUp() override {
    if (kThreadSanitizer) GTEST_SKIP() << "takes long, and there is only one thread";
  }
};

constexpr PoolShape kShapes[] = {{"usual", 64 * 1024, 160},
                                 {"of_256_bytes", 256, 8000},
                                 {"of_4_KiB", 4096, 1500},
                                 {"of_1_MiB", 1024 * 1024, 8},
                                 {"of_100000_bytes", 100'000, 160, 16},
                                 {"of_24_slots", 64 * 1024, 24},
                                 {"of_4_slots", 64 * 1024, 4},
                                 {"of_1_slot", 64 * 1024, 1}};
INSTANTIATE_TEST_SUITE_P(Slots, PoolResourceClasses, ::testing::ValuesIn(kShapes),
                         ::testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(Slots, PoolResourceClassesOfOneThread, ::testing::ValuesIn(kShapes),
                         ::testing::PrintToStringParamName());

TEST_P(PoolResourceClassesOfOneThread, nearly_the_whole_region_serves_each_class_after_the_other) {
  for (const std::size_t bytes : sizes()) {
    if (bytes > region_bytes()) break;
    const std::vector<void*> blocks = fill(bytes);
    free_all_blocks(memory_, blocks, bytes);
    ASSERT_FALSE(HasFailure()) << "in blocks of " << bytes;
  }
}

TEST_P(PoolResourceClassesOfOneThread, and_downwards) {
  std::vector<std::size_t> downwards = sizes();
  std::ranges::reverse(downwards);
  for (const std::size_t bytes : downwards) {
    if (bytes > region_bytes()) continue;
    const std::vector<void*> blocks = fill(bytes);
    free_all_blocks(memory_, blocks, bytes);
    ASSERT_FALSE(HasFailure()) << "in blocks of " << bytes;
  }
}

TEST_P(PoolResourceClassesOfOneThread, freed_in_random_order_it_serves_the_next_class) {
  for (const std::uint64_t seed : seeds(kEveryStepIsSlow ? 1 : 2)) {
    SCOPED_TRACE(say(seed));
    std::mt19937_64 random(seed);
    for (const std::size_t bytes : {64u, 40u, 3072u, 16u, 20'480u, 65'536u, 112u}) {
      if (bytes > region_bytes()) continue;
      // Runs are found between what the magazines keep here and there, until one is not found.
      const bool is_run = bytes > memory_.stats().largest_class_bytes;
      std::vector<void*> blocks = fill(bytes, is_run ? 0.8 : 1);
      std::shuffle(blocks.begin(), blocks.end(), random);
      free_all_blocks(memory_, blocks, bytes);
    }
  }
}

TEST_P(PoolResourceClasses, freed_by_a_thread_that_ended_it_serves_the_next_class) {
  for (const std::size_t bytes : {64u, 40u, 3072u, 16u, 20'480u, 65'536u, 112u}) {
    if (bytes > region_bytes()) continue;
    const std::vector<void*> blocks = fill(bytes);
    on_a_thread_that_ends([&] { free_all_blocks(memory_, blocks, bytes); });
  }
}

TEST_P(PoolResourceClasses, one_block_of_every_class_leaves_the_rest_to_one_of_them) {
  std::vector<std::size_t> of_each;
  for (const std::size_t bytes : sizes()) {
    if (bytes <= region_bytes()) of_each.push_back(bytes);
  }
  for (const std::size_t bytes : of_each) {
    void* const block = memory_.allocate(bytes, 1);
    memory_.deallocate(block, bytes, 1);
  }
  const std::vector<void*> blocks = fill(48);
  free_all_blocks(memory_, blocks, 48);
}

TEST_P(PoolResourceClasses, an_idle_thread_keeps_no_block_that_is_a_large_part_of_the_region) {
  WaitingThread idle([&] {
    for (const std::size_t bytes : sizes()) {
      if (bytes * 16 <= region_bytes() || bytes > region_bytes()) continue;
      memory_.deallocate(memory_.allocate(bytes, 1), bytes, 1);
    }
  });
  const std::vector<void*> slots = take_all(pool_);
  EXPECT_GE(slots.size(), pool_.slots() * 3 / 4);  // it may keep some of the pool's own
  give_all(pool_, slots);
}

/// Of lengths that are none of a class, whose block would be longer than the slot.
TEST(PoolResourceOfOddSlots, gives_a_block_of_a_slots_length_for_every_slot) {
  for (const std::size_t slot_bytes :
       {1000u, 50'000u, 100'000u, 600'000u, 1'000'016u, 3'000'000u}) {
    for (const std::uint64_t slots : {1u, 8u, 64u}) {
      PoolResource memory(SlotPool({.slot_bytes = slot_bytes,
                                    .slots = slots,
                                    .alignment = 16,
                                    .upstream = std::pmr::null_memory_resource()}));
      const std::vector<void*> blocks = take_all_blocks(memory, memory.pool().slot_bytes());
      EXPECT_EQ(blocks.size(), slots) << "of " << slot_bytes << " bytes";
      EXPECT_EQ(memory.stats().of(slot_bytes).in_use, slots);
      free_all_blocks(memory, blocks, memory.pool().slot_bytes());
    }
  }
}

TEST(PoolResourceOfOddSlots,
     gives_whole_slots_also_after_a_block_of_the_same_class_was_given_back) {
  for (const std::size_t slot_bytes : {1000u, 5008u, 18'000u, 100'000u}) {
    PoolResource memory(SlotPool({.slot_bytes = slot_bytes, .slots = 64, .alignment = 16}));
    const PoolResourceStats stats = memory.stats();
    int classes = 0;
    for (const BlockStats& of_class : stats.classes) {
      const std::size_t whole = of_class.whole_slots_bytes;
      if (whole == 0 || of_class.block_bytes > stats.largest_class_bytes) continue;
      ++classes;
      memory.deallocate(memory.allocate(whole + 1, 1), whole + 1, 1);
      void* const run = memory.allocate(whole, 1);
      EXPECT_EQ(memory.stats().runs.in_use, 1u) << whole << " bytes in slots of " << slot_bytes;
      void* const block = memory.allocate(whole + 1, 1);
      std::thread([&] { memory.deallocate(run, whole, 1); }).join();
      EXPECT_EQ(memory.stats().runs.in_use, 0u) << whole << " bytes in slots of " << slot_bytes;
      memory.deallocate(block, whole + 1, 1);
    }
    EXPECT_GE(classes, 2) << "slots of " << slot_bytes;
  }
}

TEST(PoolResourceOfOddSlots, keeps_free_blocks_also_of_classes_whose_shorter_sizes_get_slots) {
  if (annotate::kHardened) GTEST_SKIP() << "a hardened build has a quarantine before the magazine";
  for (const std::size_t slot_bytes : {1008u, 5008u, 14'000u, 50'000u}) {
    PoolResource memory(SlotPool({.slot_bytes = slot_bytes, .slots = 4096, .alignment = 16}));
    const PoolResourceStats stats = memory.stats();
    for (std::size_t bytes = 64; bytes <= stats.largest_class_bytes; bytes += bytes / 8) {
      if (stats.of(bytes).block_bytes == 0 || bytes > 64 * 1024) continue;
      memory.deallocate(memory.allocate(bytes, 1), bytes, 1);
      EXPECT_GE(memory.stats().of(bytes).cached, 1u) << bytes << " bytes, slots of " << slot_bytes;
    }
  }
}

TEST(PoolResourceOfLongSlots, keeps_no_long_block_that_is_free) {
  const SlotPool pool({.slot_bytes = 4u << 20, .slots = 64});
  PoolResource memory(pool);
  for (std::size_t bytes = 600'000; bytes < std::size_t{20} << 20; bytes += bytes / 5) {
    void* const one = memory.allocate(bytes, 1);
    void* const another = memory.allocate(bytes, 1);
    ASSERT_TRUE(memory.owns(one) && memory.owns(another));
    memory.deallocate(one, bytes, 1);
    memory.deallocate(another, bytes, 1);
    EXPECT_EQ(pool.stats().taken_slots, 0u) << bytes;
  }
}

TEST_P(PoolResourceClasses, the_whole_region_serves_runs_between_classes) {
  for (const std::size_t bytes : {112u, 5120u}) {
    const std::vector<void*> blocks = fill(bytes);
    free_all_blocks(memory_, blocks, bytes);
    const std::size_t whole = region_bytes() * 3 / 4 / pool_.slot_bytes() * pool_.slot_bytes();
    if (whole <= 4 * pool_.slot_bytes()) continue;
    void* const run = memory_.allocate(whole, 1);
    EXPECT_TRUE(memory_.owns(run));
    memory_.deallocate(run, whole, 1);
  }
}

TEST_P(PoolResourceClasses, slots_of_the_pool_get_all_memory_back) {
  for (const std::size_t bytes : {64u, 3072u, 16u}) {
    free_all_blocks(memory_, fill(bytes), bytes);
    const std::vector<void*> slots = take_all(pool_);
    EXPECT_EQ(slots.size(), pool_.slots()) << "after blocks of " << bytes;
    give_all(pool_, slots);
  }
}

TEST_P(PoolResourceClasses, buffers_get_all_memory_back) {
  free_all_blocks(memory_, fill(64), 64);
  std::vector<BufferPool> buffers;
  while (buffers.size() < pool_.slots()) {
    EXPECT_TRUE(pool_.owns(buffers.emplace_back(pool_).fill(1).data()));
  }
}

TEST_P(PoolResourceClasses, a_run_of_all_slots_is_found_after_blocks) {
  free_all_blocks(memory_, fill(112), 112);
  void* const run = pool_.allocate_run(pool_.slots());
  pool_.deallocate_run(run, pool_.slots());
}

TEST_P(PoolResourceClasses, another_resource_gets_all_memory_back) {
  PoolResource other(pool_);
  for (PoolResource* const memory : {&memory_, &other, &memory_}) {
    const std::vector<void*> blocks = take_all_blocks(*memory, pool_.slot_bytes());
    EXPECT_EQ(blocks.size(), pool_.slots());
    free_all_blocks(*memory, blocks, pool_.slot_bytes());
    free_all_blocks(*memory, take_all_blocks(*memory, 48), 48);
  }
}

TEST_P(PoolResourceClasses, a_buffer_gets_all_memory_back_as_one_run) {
  free_all_blocks(memory_, fill(112), 112);
  BufferPool buffer(pool_);
  const auto space = buffer.fill(pool_.slots() * pool_.slot_bytes());
  EXPECT_TRUE(pool_.owns(space.data()));
}

TEST_P(PoolResourceClasses, what_the_pool_gets_back_serves_the_resource) {
  const std::vector<void*> slots = take_all(pool_);
  EXPECT_THROW(static_cast<void>(memory_.allocate(64)), std::bad_alloc);
  give_all(pool_, slots);
  free_all_blocks(memory_, fill(64), 64);
}

class PoolResourceOfManyClasses : public ::testing::Test {
 protected:
  /// Of each class an eighth of the pool is taken, and given back.
  void use_every_class() {
    for (const BlockStats& of_class : memory_.stats().classes) {
      if (of_class.block_bytes > memory_.stats().largest_class_bytes) break;
      const std::uint64_t of_part = pool_.slots() * pool_.slot_bytes() / 8 / of_class.block_bytes;
      std::vector<void*> blocks(std::min<std::uint64_t>(of_part, 100'000));
      for (void*& block : blocks) block = memory_.allocate(of_class.block_bytes, 1);
      for (void* const block : blocks) memory_.deallocate(block, of_class.block_bytes, 1);
    }
  }

  SlotPool pool_{{.slots = 1024, .upstream = std::pmr::null_memory_resource()}};
  PoolResource memory_{pool_};
};

TEST_F(PoolResourceOfManyClasses, leaves_the_pool_to_slots_after_all_were_used) {
  for (const int round : {0, 1}) {
    use_every_class();
    const std::vector<void*> slots = take_all(pool_);
    EXPECT_EQ(slots.size(), pool_.slots()) << "in round " << round;
    give_all(pool_, slots);
  }
}

/// A quarter in magazines, and what their blocks keep of slabs: nobody else can have those at once.
TEST_F(PoolResourceOfManyClasses, leaves_half_of_the_pool_to_others_where_its_thread_is_idle) {
  std::uint64_t left = 0;
  {
    WaitingThread idle([&] { use_every_class(); });
    const std::vector<void*> slots = take_all(pool_);
    EXPECT_GE(slots.size(), pool_.slots() / 2);
    give_all(pool_, slots);
    left = slots.size();
  }
  const std::vector<void*> slots = take_all(pool_);
  EXPECT_EQ(slots.size(), pool_.slots()) << "when it has ended; before that " << left;
  give_all(pool_, slots);
}

}  // namespace
}  // namespace bufferpool::test
