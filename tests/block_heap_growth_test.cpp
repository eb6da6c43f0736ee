// Blocks that grow and shrink in place, in pools of every shape.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/pool_resource.hpp"
#include "support/bytes.hpp"
#include "support/pool_shapes.hpp"
#include "support/resource_stats.hpp"
#include "support/seed.hpp"
#include "support/threads.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::test {
namespace {

using detail::BlockHeap;
using detail::SizeRange;

constexpr std::size_t kSlotBytes = 64 * 1024;

/// In bytes, as little as that.
SizeRange exactly(std::size_t bytes) { return {bytes, bytes, 1}; }

class BlockHeapGrowth : public ::testing::Test {
 protected:
  ~BlockHeapGrowth() override { EXPECT_TRUE(is_quiet(memory_.stats())); }

  /// Of a size class, or of runs.
  [[nodiscard]] BlockStats stats_of(std::size_t bytes) const {
    return bytes > 4 * kSlotBytes ? memory_.stats().runs : memory_.stats().of(bytes);
  }

  WatchedResource upstream_;
  SlotPool pool_{{.slot_bytes = kSlotBytes, .slots = 200, .upstream = &upstream_}};
  PoolResource memory_{pool_};
  BlockHeap& heap_ = memory_.heap();
};

TEST_F(BlockHeapGrowth, a_slot_grows_to_any_number_of_slots_and_is_given_back_as_that) {
  for (const std::size_t slots : {2u, 3u, 4u, 5u, 6u, 64u, 150u}) {
    const std::size_t bytes = slots * kSlotBytes;
    void* const block = heap_.allocate({kSlotBytes, 8});
    ASSERT_EQ(heap_.try_expand(block, {kSlotBytes, 8}, exactly(bytes)), bytes) << slots;
    EXPECT_EQ(stats_of(bytes).in_use, 1u);
    EXPECT_EQ(stats_of(bytes).asked_bytes, bytes);
    EXPECT_EQ(stats_of(bytes).handed_out_bytes, bytes);
    EXPECT_EQ(heap_.usable_bytes_at(block, 8), bytes);
    std::fill_n(static_cast<std::byte*>(block), bytes, std::byte{1});
    heap_.deallocate(block, {bytes, 8});
    EXPECT_TRUE(is_quiet(memory_.stats())) << slots;
  }
}

/// The class of such a slot has longer blocks.
TEST(BlockHeapGrowthOfOddSlots, a_slot_grows_and_shrinks_in_place) {
  for (const std::size_t slot_bytes : {100'000u, 1'000'016u}) {
    BlockHeap heap(SlotPool({.slot_bytes = slot_bytes, .slots = 32, .alignment = 16}), PTRDIFF_MAX);
    const std::size_t slot = heap.pool().slot_bytes();
    void* const block = heap.allocate({slot, 8});
    for (std::size_t slots = 1; slots < 9; ++slots) {
      const std::size_t wanted = (slots + 1) * slot;
      EXPECT_EQ(heap.try_expand(block, {slots * slot, 8}, {wanted, wanted, 8}), wanted);
    }
    EXPECT_EQ(heap.try_shrink(block, {9 * slot, 8}, {2 * slot, 2 * slot, 8}), 2 * slot);
    EXPECT_EQ(heap.pool().stats().taken_slots, 2u);
    heap.deallocate(block, {2 * slot, 8});
  }
}

TEST_F(BlockHeapGrowth, what_has_grown_into_a_run_counts_in_the_peak_of_runs) {
  void* const block = memory_.allocate(kSlotBytes);
  const std::size_t bytes = heap_.try_expand(block, {kSlotBytes, 1}, exactly(8 * kSlotBytes));
  EXPECT_EQ(bytes, 8 * kSlotBytes);
  EXPECT_EQ(memory_.stats().runs.peak, 1u);
  memory_.deallocate(block, bytes, 1);
}

TEST_F(BlockHeapGrowth, it_grows_step_by_step_and_shrinks_step_by_step) {
  void* const block = heap_.allocate({56 * 1024, 8});  // alone in its slot, and shorter than that
  std::size_t bytes = 56 * 1024;
  for (std::size_t slots = 1; slots <= 10; ++slots) {
    const std::size_t more = heap_.try_expand(block, {bytes, 8}, exactly(slots * kSlotBytes));
    ASSERT_EQ(more, slots * kSlotBytes);
    bytes = more;
  }
  for (std::size_t slots = 9; slots >= 1; --slots) {
    const std::size_t less =
        heap_.try_shrink(block, {bytes, 8}, {slots * kSlotBytes - 5, SIZE_MAX, 1});
    ASSERT_EQ(less, slots * kSlotBytes);
    EXPECT_EQ(stats_of(less).in_use, 1u);
    EXPECT_EQ(pool_.stats().taken_slots, slots);
    bytes = less;
  }
  heap_.deallocate(block, {bytes, 8});
}

TEST_F(BlockHeapGrowth, what_is_given_back_after_it_grew_serves_again) {
  void* const block = heap_.allocate({kSlotBytes, 8});
  ASSERT_NE(heap_.try_expand(block, {kSlotBytes, 8}, exactly(3 * kSlotBytes)), 0u);
  heap_.deallocate(block, {3 * kSlotBytes, 8});
  void* const next = heap_.allocate({3 * kSlotBytes, 8});
  // In a hardened build the block may wait in quarantine.
  EXPECT_TRUE(next == block || (annotate::kHardened && next != nullptr));
  heap_.deallocate(next, {3 * kSlotBytes, 8});
}

TEST_F(BlockHeapGrowth, a_block_among_others_expands_within_its_class_only) {
  void* const block = heap_.allocate({100, 4});
  EXPECT_EQ(heap_.try_expand(block, {100, 4}, {104, 112, 4}), 112u);
  EXPECT_EQ(heap_.try_expand(block, {112, 4}, {116, 200, 4}), 0u);
  EXPECT_EQ(stats_of(112).asked_bytes, 112u);
  EXPECT_EQ(heap_.try_shrink(block, {112, 4}, {8, SIZE_MAX, 4}), 112u);
  EXPECT_EQ(heap_.try_shrink(block, {112, 4}, {8, 100, 4}), 0u);
  heap_.deallocate(block, {112, 4});
}

TEST_F(BlockHeapGrowth, a_taken_slot_behind_it_stops_a_block_and_nothing_changes) {
  void* const block = heap_.allocate({5 * kSlotBytes, 8});
  void* const obstacle = heap_.allocate({6 * kSlotBytes, 8});
  ASSERT_EQ(obstacle, static_cast<std::byte*>(block) + 5 * kSlotBytes);
  const auto before = what_is_held(memory_.stats());
  EXPECT_EQ(heap_.try_expand(block, {5 * kSlotBytes, 8}, exactly(6 * kSlotBytes)), 0u);
  EXPECT_EQ(what_is_held(memory_.stats()), before);
  heap_.deallocate(obstacle, {6 * kSlotBytes, 8});
  EXPECT_EQ(heap_.try_expand(block, {5 * kSlotBytes, 8}, exactly(6 * kSlotBytes)), 6 * kSlotBytes);
  heap_.deallocate(block, {6 * kSlotBytes, 8});
}

TEST_F(BlockHeapGrowth, what_is_preferred_does_not_fit_so_the_least_is_given) {
  void* const block = heap_.allocate({5 * kSlotBytes, 8});
  void* const gap = heap_.allocate({5 * kSlotBytes, 8});
  void* const obstacle = heap_.allocate({5 * kSlotBytes, 8});
  heap_.deallocate(gap, {5 * kSlotBytes, 8});
  const SizeRange wanted{6 * kSlotBytes, 20 * kSlotBytes, 1};
  EXPECT_EQ(heap_.try_expand(block, {5 * kSlotBytes, 8}, wanted), 6 * kSlotBytes);
  heap_.deallocate(block, {6 * kSlotBytes, 8});
  heap_.deallocate(obstacle, {5 * kSlotBytes, 8});
}

TEST_F(BlockHeapGrowth, a_slab_without_a_block_behind_it_makes_room) {
  void* const block = heap_.allocate({kSlotBytes, 8});
  heap_.deallocate(heap_.allocate({100, 8}), {100, 8});  // its slab stays, free
  EXPECT_NE(heap_.try_expand(block, {kSlotBytes, 8}, exactly(190 * kSlotBytes)), 0u);
  heap_.deallocate(block, {190 * kSlotBytes, 8});
}

TEST_F(BlockHeapGrowth, upstreams_blocks_do_not_grow) {
  void* const block = heap_.allocate({300 * kSlotBytes, 8});
  EXPECT_EQ(heap_.usable_bytes_at(block, 8), 300 * kSlotBytes);
  EXPECT_EQ(heap_.try_expand(block, {300 * kSlotBytes, 8}, exactly(301 * kSlotBytes)), 0u);
  EXPECT_EQ(heap_.try_shrink(block, {300 * kSlotBytes, 8}, {1, SIZE_MAX, 1}), 300 * kSlotBytes);
  heap_.deallocate(block, {300 * kSlotBytes, 8});
}

TEST_F(BlockHeapGrowth, nothing_grows_beyond_the_longest_pooled_block) {
  PoolResource limited(pool_, {.most_pooled_bytes = 3 * kSlotBytes + 1});
  BlockHeap& heap = limited.heap();
  void* const block = heap.allocate({kSlotBytes, 8});
  EXPECT_EQ(heap.try_expand(block, {kSlotBytes, 8}, exactly(4 * kSlotBytes)), 0u);
  EXPECT_EQ(heap.try_expand(block, {kSlotBytes, 8}, exactly(3 * kSlotBytes)), 3 * kSlotBytes);
  heap.deallocate(block, {3 * kSlotBytes, 8});
}

TEST_F(BlockHeapGrowth, a_wrong_length_is_reported) {
  void* const block = heap_.allocate({2 * kSlotBytes, 8});
  const auto expand_as = [&](std::size_t bytes) {
    static_cast<void>(heap_.try_expand(block, {bytes, 8}, exactly(8 * kSlotBytes)));
  };
  EXPECT_DEATH(expand_as(kSlotBytes), "pass the size and alignment");
  EXPECT_DEATH(expand_as(7 * kSlotBytes), "pass the size and alignment");
  heap_.deallocate(block, {2 * kSlotBytes, 8});
}

TEST_F(BlockHeapGrowth, several_threads_grow_beside_each_other) {
  on_threads(4, [&](int thread) {
    std::mt19937_64 random(static_cast<std::uint64_t>(thread));
    for (int i = 0; i < 300; ++i) {
      std::size_t bytes = kSlotBytes;
      auto* const block = static_cast<std::byte*>(heap_.allocate({bytes, 8}));
      const auto stamp = static_cast<std::byte>(thread);
      for (int step = 0; step < 6; ++step) {
        const std::size_t wanted = (1 + random() % 8) * kSlotBytes;
        const std::size_t changed =
            wanted > bytes ? heap_.try_expand(block, {bytes, 8}, exactly(wanted))
                           : heap_.try_shrink(block, {bytes, 8}, {wanted, SIZE_MAX, 1});
        if (changed != 0) bytes = changed;
        block[0] = block[bytes - 1] = stamp;
      }
      EXPECT_TRUE(block[0] == stamp && block[bytes - 1] == stamp);
      heap_.deallocate(block, {bytes, 8});
    }
  });
}

// --- Pools of every shape.

class BlockHeapGrowthShapes : public ::testing::TestWithParam<PoolShape> {};

INSTANTIATE_TEST_SUITE_P(Pools, BlockHeapGrowthShapes, every_pool_shape(),
                         [](const auto& shape) { return shape.param.name; });

/// Carries its stamp in its first bytes and in its last.
struct Grown {
  std::byte* data;
  std::size_t bytes;
  std::uint64_t stamp;

  void mark() const {
    write_pattern(head(), stamp);
    write_pattern(tail(), stamp + 1);
  }
  [[nodiscard]] bool is_marked() const {
    return holds_pattern(head(), stamp) && holds_pattern(tail(), stamp + 1);
  }

 private:
  [[nodiscard]] std::size_t part() const { return std::min<std::size_t>(bytes / 2, 1000); }
  [[nodiscard]] std::span<std::byte> head() const { return {data, part()}; }
  [[nodiscard]] std::span<std::byte> tail() const { return {data + bytes - part(), part()}; }
};

/// A few blocks, of which each step allocates, frees, grows or shrinks one.
class GrowthModel {
 public:
  GrowthModel(PoolResource& memory, std::uint64_t seed)
      : memory_(memory),
        random_(seed),
        unit_bytes_(4 * (1 + random_() % 20)),
        most_bytes_(8 * memory.pool().slot_bytes()) {}

  void step() {
    if (live_.size() < 8) return allocate();
    std::swap(live_[random_() % live_.size()], live_.back());
    ASSERT_TRUE(live_.back().is_marked());
    if (random_() % 4 == 0) return deallocate();
    resize(live_.back());
  }

  /// What the statistics must say, but for upstream's blocks.
  [[nodiscard]] std::size_t asked_bytes() const {
    std::size_t bytes = 0;
    for (const Grown& block : live_) bytes += memory_.pool().owns(block.data) ? block.bytes : 0;
    return bytes;
  }
  void finish() {
    while (!live_.empty()) deallocate();
  }

 private:
  std::size_t some() { return unit_bytes_ * (1 + random_() % (most_bytes_ / unit_bytes_ + 1)); }

  void allocate() {
    const std::size_t wanted = some();
    const std::size_t least = std::min(some(), wanted);
    const std::size_t bytes = memory_.heap().growable_bytes({least, wanted, unit_bytes_}, 4);
    ASSERT_GE(bytes, least);
    auto* const data = static_cast<std::byte*>(memory_.heap().allocate({bytes, 4}));
    live_.push_back({data, bytes, random_()});
    live_.back().mark();
  }
  void deallocate() {
    memory_.heap().deallocate(live_.back().data, {live_.back().bytes, 4});
    live_.pop_back();
  }
  void resize(Grown& block) {
    const std::size_t wanted = some();
    const bool more = wanted > block.bytes;
    const SizeRange range{more ? block.bytes + unit_bytes_ : wanted, more ? wanted : SIZE_MAX,
                          unit_bytes_};
    const std::size_t bytes = more ? memory_.heap().try_expand(block.data, {block.bytes, 4}, range)
                                   : memory_.heap().try_shrink(block.data, {block.bytes, 4}, range);
    if (bytes == 0) return;
    ASSERT_EQ(bytes % unit_bytes_, 0u);
    ASSERT_GE(bytes, range.least_bytes);
    block.bytes = bytes;
    block.mark();
  }

  PoolResource& memory_;
  std::mt19937_64 random_;
  std::size_t unit_bytes_;
  std::size_t most_bytes_;
  std::vector<Grown> live_;
};

TEST_P(BlockHeapGrowthShapes, blocks_grow_and_shrink_and_keep_to_themselves) {
  for (const std::uint64_t seed : seeds(4)) {
    SCOPED_TRACE(say(seed));
    WatchedResource upstream;
    const SlotPool pool = GetParam().make(&upstream);
    PoolResource memory(pool);
    GrowthModel model(memory, seed);
    for (int i = 0; i < 1000 && !HasFailure(); ++i) model.step();
    EXPECT_EQ(sum_of(memory.stats()).asked_bytes, model.asked_bytes());
    model.finish();
    EXPECT_TRUE(is_quiet(memory.stats()));
    memory.release();
    EXPECT_EQ(pool.stats().taken_slots, 0u);
  }
}

}  // namespace
}  // namespace bufferpool::test
