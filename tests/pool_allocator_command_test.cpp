// PoolAllocator's version 2 interface, called as Boost calls it, without Boost.
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <new>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/pool_allocator.hpp"
#include "support/allocation_commands.hpp"
#include "support/resource_stats.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::test {
namespace {

constexpr std::size_t kSlotInts = 16 * 1024;

class PoolAllocatorCommand : public ::testing::Test {
 protected:
  ~PoolAllocatorCommand() override { EXPECT_TRUE(is_quiet(memory_.stats())); }

  struct Result {
    int* block;
    std::size_t length;
    int* reuse;
  };
  Result command(unsigned what, std::size_t limit, std::size_t preferred, int* reuse = nullptr) {
    Result result{nullptr, preferred, reuse};
    result.block = ints_.allocation_command(what, limit, result.length, result.reuse);
    return result;
  }

  WatchedResource upstream_;
  PoolResource memory_{SlotPool({.slot_bytes = 64 * 1024, .slots = 64, .upstream = &upstream_})};
  PoolAllocator<int> ints_{memory_};
};

TEST_F(PoolAllocatorCommand, a_new_block_is_as_long_as_it_has_room) {
  const Result got = command(kAllocateNew, 25, 25);
  EXPECT_EQ(got.length, 28u);
  EXPECT_EQ(got.reuse, nullptr);
  EXPECT_EQ(ints_.size(got.block), 28u);
  ints_.deallocate(got.block, got.length);
}

struct alignas(128 * 1024) BeyondASlot {
  std::byte bytes[128 * 1024];
};

TEST_F(PoolAllocatorCommand, an_aligned_blocks_way_to_its_beginning_is_no_room) {
  PoolAllocator<BeyondASlot> allocator(memory_);
  BeyondASlot* const block = allocator.allocate(1);
  EXPECT_EQ(allocator.size(block), 1u);
  allocator.deallocate(block, 1);
}

TEST_F(PoolAllocatorCommand, who_is_growing_gets_whole_slots) {
  const Result got = command(kAllocateNew, kSlotInts - 1, kSlotInts * 3 / 2);
  EXPECT_EQ(got.length, kSlotInts);
  const Result more = command(kAllocateNew, kSlotInts + 1, kSlotInts * 3 / 2);
  EXPECT_EQ(more.length, 2 * kSlotInts);
  ints_.deallocate(got.block, got.length);
  ints_.deallocate(more.block, more.length);
}

TEST_F(PoolAllocatorCommand, who_knows_the_length_gets_at_most_a_quarter_more) {
  for (std::size_t length = kSlotInts; length < 8 * kSlotInts; length += 999) {
    const Result got = command(kAllocateNew, length, length);
    EXPECT_LE(got.length, length * 5 / 4);
    ints_.deallocate(got.block, got.length);
  }
}

TEST_F(PoolAllocatorCommand, what_cannot_expand_is_allocated_anew_only_if_that_was_asked_for) {
  const Result got = command(kAllocateNew, 28, 28);
  const Result same = command(kExpandForward | kExpandBackward, 29, 40, got.block);
  EXPECT_EQ(same.block, nullptr);
  EXPECT_EQ(same.length, 40u);
  const Result anew = command(kAllocateNew | kExpandForward, 29, 40, got.block);
  EXPECT_NE(anew.block, nullptr);
  EXPECT_EQ(anew.reuse, nullptr);
  ints_.deallocate(got.block, got.length);
  ints_.deallocate(anew.block, anew.length);
}

TEST_F(PoolAllocatorCommand, an_expanded_block_is_the_same) {
  const Result got = command(kAllocateNew, kSlotInts, kSlotInts);
  const Result more =
      command(kAllocateNew | kExpandForward, kSlotInts + 1, 5 * kSlotInts, got.block);
  EXPECT_EQ(more.block, got.block);
  EXPECT_EQ(more.reuse, got.block);
  EXPECT_EQ(more.length, 5 * kSlotInts);
  ints_.deallocate(more.block, more.length);
}

TEST_F(PoolAllocatorCommand, a_block_shrinks_to_between_the_preferred_length_and_the_limit) {
  const Result got = command(kAllocateNew, 7 * kSlotInts, 7 * kSlotInts);
  EXPECT_EQ(command(kShrinkInPlace, kSlotInts + 2, kSlotInts + 1, got.block).block, nullptr);
  EXPECT_EQ(command(kShrinkInPlace, 1, 2, got.block).block, nullptr);
  EXPECT_EQ(ints_.size(got.block), 7 * kSlotInts);
  const Result less = command(kTryShrinkInPlace, kSlotInts + 2, kSlotInts + 1, got.block);
  EXPECT_EQ(less.block, got.block);
  EXPECT_EQ(less.length, 2 * kSlotInts);
  ints_.deallocate(less.block, less.length);
}

TEST_F(PoolAllocatorCommand, lengths_that_overflow_are_refused) {
  const std::size_t most = std::numeric_limits<std::size_t>::max();
  const Result got = command(kAllocateNew, 10, 10);
  for (const std::size_t length : {most, most / 2, most / 4 + 1}) {
    EXPECT_THROW(command(kAllocateNew, length, length), std::bad_array_new_length);
    EXPECT_EQ(command(kAllocateNew | kNothrow, length, length).block, nullptr);
    EXPECT_EQ(command(kExpandForward, length, length, got.block).block, nullptr);
    EXPECT_EQ(command(kShrinkInPlace, length, length, got.block).block, nullptr);
    EXPECT_EQ(command(kTryShrinkInPlace, length, length, got.block).block, nullptr);
  }
  ints_.deallocate(got.block, got.length);
}

TEST_F(PoolAllocatorCommand, a_block_of_no_elements_grows_and_shrinks) {
  struct alignas(64) Line {
    std::byte bytes[128];
  };
  PoolResource memory(SlotPool({.slot_bytes = 64, .slots = 64}));
  PoolAllocator<Line> lines(memory);  // an element takes two slots, none takes one
  Line* block = lines.allocate(0);
  std::size_t length = 2;
  EXPECT_EQ(lines.allocation_command(kExpandForward, 1, length, block), block);
  EXPECT_EQ(length, 2u);
  lines.deallocate(block, length);
  block = lines.allocate(0);
  length = 0;
  static_cast<void>(lines.allocation_command(kShrinkInPlace, 1, length, block));
  lines.deallocate(block, 0);
  EXPECT_EQ(memory.stats().of(64).in_use + memory.stats().runs.in_use, 0u);
}

TEST_F(PoolAllocatorCommand, what_shrinking_gives_may_be_used) {
  PoolResource memory(SlotPool({.slots = 8}));
  PoolAllocator<char> bytes(memory);
  char* block = bytes.allocate(100);
  std::size_t length = 50;
  ASSERT_EQ(bytes.allocation_command(kTryShrinkInPlace, 100, length, block), block);
  std::fill_n(block, length, 'x');  // AddressSanitizer tells whether it is all there
  bytes.deallocate(block, length);
}

TEST_F(PoolAllocatorCommand, a_refusal_of_upstream_is_thrown_or_told_as_was_asked_for) {
  upstream_.fail_at(1);
  EXPECT_THROW(command(kAllocateNew, 100 * kSlotInts, 100 * kSlotInts), std::bad_alloc);
  upstream_.fail_at(1);
  EXPECT_EQ(command(kAllocateNew | kNothrow, 100 * kSlotInts, 100 * kSlotInts).block, nullptr);
}

TEST_F(PoolAllocatorCommand, who_cannot_have_the_preferred_length_gets_the_least) {
  PoolResource memory(
      SlotPool({.slot_bytes = 4096, .slots = 8, .upstream = std::pmr::null_memory_resource()}));
  PoolAllocator<char> bytes(memory);
  char* const others = bytes.allocate(5 * 4096);
  for (const unsigned nothrow : {0u, kNothrow}) {
    for (const std::size_t preferred : {std::size_t{4 * 4096}, std::size_t{3 * 4096 - 9}}) {
      std::size_t length = preferred;
      char* reuse = nullptr;
      const std::size_t least = 3 * 4096 - 10;
      char* const block = bytes.allocation_command(kAllocateNew | nothrow, least, length, reuse);
      ASSERT_NE(block, nullptr);
      EXPECT_GE(length, least);
      bytes.deallocate(block, length);
    }
  }
  bytes.deallocate(others, 5 * 4096);
}

TEST_F(PoolAllocatorCommand,
       upstream_is_asked_for_the_least_where_it_has_not_the_preferred_length) {
  PoolResource memory(SlotPool({.slots = 0, .upstream = &upstream_}));
  PoolAllocator<int> ints(memory);
  upstream_.fail_at(1);
  std::size_t length = 2000;
  int* reuse = nullptr;
  int* const block = ints.allocation_command(kAllocateNew, 1000, length, reuse);
  EXPECT_EQ(length, 1000u);
  EXPECT_EQ(upstream_.calls(), 2u);
  ints.deallocate(block, length);
  PoolResource nothing(SlotPool({.slots = 0, .upstream = std::pmr::null_memory_resource()}));
  PoolAllocator<int> none(nothing);
  EXPECT_EQ(none.allocation_command(kAllocateNew | kNothrow, 1000, length, reuse), nullptr);
  EXPECT_THROW(static_cast<void>(none.allocation_command(kAllocateNew, 1000, length, reuse)),
               std::bad_alloc);
}

// --- In bulk.

template <class T>
class PoolAllocatorBulk : public ::testing::Test {};

struct Odd {
  char bytes[3];
};
using Elements = ::testing::Types<char, Odd, std::uint64_t, std::array<char, 100>>;
TYPED_TEST_SUITE(PoolAllocatorBulk, Elements);

TYPED_TEST(PoolAllocatorBulk, blocks_come_and_go_from_the_pool_and_from_upstream) {
  WatchedResource upstream;
  for (const std::uint64_t slots : {64u, 0u}) {
    PoolResource memory(SlotPool({.slots = slots, .upstream = &upstream}));
    PoolAllocator<TypeParam> allocator(memory);
    typename PoolAllocator<TypeParam>::multiallocation_chain chain;
    allocator.allocate_individual(1000, chain);
    EXPECT_EQ(chain.size(), 1000u);
    allocator.deallocate_one(chain.pop_front());
    allocator.deallocate_individual(chain);
    allocator.allocate_many(std::size_t{5}, 100, chain);
    const std::size_t lengths[] = {1, 1000, 0, 40'000};
    allocator.allocate_many(lengths, 4, chain);
    EXPECT_EQ(chain.size(), 104u);
    allocator.deallocate_many(chain);
    EXPECT_TRUE(chain.empty());
    EXPECT_TRUE(is_quiet(memory.stats()));
  }
}

TYPED_TEST(PoolAllocatorBulk, a_refusal_halfway_gives_back_what_was_there) {
  WatchedResource upstream;
  PoolResource memory(SlotPool({.slots = 0, .upstream = &upstream}));
  PoolAllocator<TypeParam> allocator(memory);
  typename PoolAllocator<TypeParam>::multiallocation_chain chain;
  upstream.fail_at(10);
  EXPECT_THROW(allocator.allocate_individual(20, chain), std::bad_alloc);
  upstream.fail_at(10);
  EXPECT_THROW(allocator.allocate_many(std::size_t{3}, 20, chain), std::bad_alloc);
  const std::array<std::size_t, 5> lengths{500, 700, 900, 1000, 100'000};
  upstream.fail_at(5);
  EXPECT_THROW(allocator.allocate_many(lengths.data(), lengths.size(), chain), std::bad_alloc);
  EXPECT_TRUE(chain.empty());
  EXPECT_EQ(upstream.live_blocks(), 0u);
}

}  // namespace
}  // namespace bufferpool::test
