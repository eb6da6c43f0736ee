// SlotPoolOptions::zero_on_release: what was given back can no longer be read.
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <new>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/annotate.hpp"
#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/pool_allocator.hpp"
#include "bufferpool/pool_resource.hpp"
#include "bufferpool/slot_pool.hpp"
#include "support/allocation_commands.hpp"
#include "support/secret.hpp"

namespace bufferpool::test {
namespace {

constexpr std::size_t kSlotBytes = 4096;

/// Serves memory that can be read after it was given back, and is not served again.
class Readable final : public std::pmr::memory_resource {
 public:
  [[nodiscard]] std::span<std::byte> memory() noexcept { return memory_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    void* at = memory_.data() + served_;
    std::size_t room = memory_.size() - served_;
    if (std::align(alignment, bytes, at, room) == nullptr) throw std::bad_alloc();
    served_ = memory_.size() - room + bytes;
    return at;
  }
  void do_deallocate(void*, std::size_t, std::size_t) override {}
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }
  std::vector<std::byte> memory_ = std::vector<std::byte>(std::size_t{1} << 20);
  std::size_t served_ = 0;
};

class ZeroOnRelease : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  void expect_secret() { EXPECT_TRUE(contains_secret(upstream_.memory()) || in_slots()); }
  void expect_no_secret() {
    EXPECT_FALSE(contains_secret(upstream_.memory()));
    EXPECT_FALSE(in_slots());
  }
  [[nodiscard]] bool in_slots() { return contains_secret(region_.memory()); }

  Readable region_;
  Readable upstream_;
  SlotPool pool_{{.slot_bytes = kSlotBytes,
                  .slots = GetParam(),
                  .upstream = &upstream_,
                  .region = &region_,
                  .zero_on_release = true}};
};

/// None: everything is upstream's. 8 slots have no magazines, 64 have.
INSTANTIATE_TEST_SUITE_P(Slots, ZeroOnRelease, ::testing::Values(0, 8, 64),
                         ::testing::PrintToStringParamName());

TEST_P(ZeroOnRelease, a_slot) {
  void* const slot = pool_.allocate();
  write_secret(static_cast<std::byte*>(slot) + kSlotBytes - kSecret.size());
  expect_secret();
  pool_.deallocate(slot);
  expect_no_secret();
}

TEST_P(ZeroOnRelease, a_run) {
  void* const run = pool_.allocate_run(3);
  write_secret(static_cast<std::byte*>(run) + 2 * kSlotBytes);
  expect_secret();
  pool_.deallocate_run(run, 3);
  expect_no_secret();
}

TEST_P(ZeroOnRelease, slots_by_which_a_block_of_a_resource_shrinks) {
  PoolResource memory(pool_);
  PoolAllocator<std::byte> allocator(memory);
  std::byte* block = allocator.allocate(6 * kSlotBytes);
  for (std::size_t slot = 1; slot < 6; ++slot) write_secret(block + slot * kSlotBytes);
  expect_secret();
  std::size_t length = kSlotBytes;
  ASSERT_NE(allocator.allocation_command(kTryShrinkInPlace, 0, length, block), nullptr);
  if (pool_.slots() != 0) {
    EXPECT_EQ(length, kSlotBytes);
    expect_no_secret();
  }
  allocator.deallocate(block, length);
  expect_no_secret();
}

TEST_P(ZeroOnRelease, where_a_slice_was_before_it_was_copied_to_the_heap) {
  BufferPool buffer(pool_);
  write_secret(buffer.fill(kSecret.size()).data());
  Slice secret = buffer.freeze();
  expect_secret();
  secret = secret.detach();
  expect_no_secret();
}

TEST_P(ZeroOnRelease, a_slice_although_others_of_its_chunk_live) {
  BufferPool buffer(pool_);
  write_secret(buffer.fill(kSecret.size()).data());
  Slice secret = buffer.freeze();
  static_cast<void>(buffer.fill(10));
  const Slice other = buffer.freeze();
  expect_secret();
  secret = {};
  expect_no_secret();
}

TEST_P(ZeroOnRelease, a_slice_of_several_slots_although_what_follows_is_being_filled) {
  BufferPool buffer(pool_);
  constexpr std::size_t kBytes = kSlotBytes * 3 / 4;
  write_secret(buffer.fill(kBytes).data());
  static_cast<void>(buffer.fill(kBytes));
  Slice secret = buffer.freeze(kBytes);
  EXPECT_EQ(secret.is_pooled(), pool_.slots() != 0);
  expect_secret();
  secret = {};
  expect_no_secret();
}

TEST_P(ZeroOnRelease, what_was_filled_and_not_frozen_when_the_slot_is_given_back) {
  {
    BufferPool buffer(pool_);
    write_secret(buffer.fill(kSecret.size()).data());
    expect_secret();
  }
  expect_no_secret();
}

TEST_P(ZeroOnRelease, what_was_shared_when_the_last_copy_is_dropped) {
  {
    BufferPool buffer(pool_);
    write_secret(buffer.fill(kSecret.size()).data());
    SharedSlice copy = buffer.freeze().share();
    const SharedSlice other = copy;
    copy = {};
    expect_secret();
  }
  expect_no_secret();
}

TEST_P(ZeroOnRelease, blocks_of_a_resource_of_every_kind) {
  PoolResource memory(pool_);
  for (const std::size_t bytes : {28u, 100u, 5000u, 40'000u}) {
    void* const block = memory.allocate(bytes);
    write_secret(static_cast<std::byte*>(block) + bytes - kSecret.size());
    expect_secret();
    memory.deallocate(block, bytes);
    expect_no_secret();
  }
}

TEST_P(ZeroOnRelease, blocks_that_are_held_when_the_resource_gives_all_back) {
  PoolResource memory(pool_);
  write_secret(memory.allocate(100));
  write_secret(static_cast<std::byte*>(memory.allocate(100)) + 50);
  expect_secret();
  memory.release();
  expect_no_secret();
}

/// Alone in its slots, one of several in a slab, and a run.
TEST(ZeroOnReleaseOfLongBlocks, leaves_nothing_at_their_ends) {
  constexpr std::size_t kLongSlot = 1024 * 1024;
  const SlotPool pool({.slot_bytes = kLongSlot, .slots = 64, .zero_on_release = true});
  PoolResource memory(pool);
  for (const std::size_t bytes :
       {kLongSlot * 3 / 4, kLongSlot, kLongSlot * 5 / 4, kLongSlot * 4, kLongSlot * 6}) {
    auto* const block = static_cast<std::byte*>(memory.allocate(bytes));
    ASSERT_TRUE(memory.owns(block));
    std::byte* const end = block + bytes - kSecret.size();
    write_secret(block);
    write_secret(end);
    memory.deallocate(block, bytes);
    EXPECT_FALSE(contains_secret({block, kSecret.size()})) << bytes;
    EXPECT_FALSE(contains_secret({end, kSecret.size()})) << bytes;
  }
}

TEST(ZeroOnReleaseOfALongRun, leaves_nothing_at_its_ends_and_inside) {
  // So long that the system is asked for new pages; and it neither begins nor ends with one.
  constexpr std::size_t kLength = (std::size_t{1} << 20) + 112;
  SlotPool pool({.slot_bytes = kLength, .slots = 300, .zero_on_release = true});
  void* const before = pool.allocate_run(2);
  write_secret(static_cast<std::byte*>(before) + 2 * kLength - kSecret.size());
  constexpr std::size_t kBytes = 257 * kLength;
  auto* const run = static_cast<std::byte*>(pool.allocate_run(257));
  const std::size_t places[] = {0, 4096, kBytes / 2, kBytes - 4096, kBytes - kSecret.size()};
  for (const std::size_t at : places) write_secret(run + at);
  pool.deallocate_run(run, 257);
  for (const std::size_t at : places) {
    EXPECT_FALSE(contains_secret({run + at, kSecret.size()})) << at;
  }
  EXPECT_TRUE(contains_secret({run - kSecret.size(), kSecret.size()}));  // the neighbour's
  pool.deallocate_run(before, 2);
}

TEST(ZeroOnReleaseOff, leaves_what_was_written) {
  if (annotate::kHardened) GTEST_SKIP() << "a hardened build always overwrites";
  Readable region;
  SlotPool pool({.slot_bytes = kSlotBytes, .slots = 8, .region = &region});
  void* const slot = pool.allocate();
  write_secret(slot);
  pool.deallocate(slot);
  EXPECT_TRUE(contains_secret(region.memory()));
}

}  // namespace
}  // namespace bufferpool::test
