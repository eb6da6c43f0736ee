// SlotPoolOptions::zero_on_release: what was given back can no longer be read.
#include <cstddef>
#include <cstring>
#include <memory_resource>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/annotate.hpp"
#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/pool_resource.hpp"
#include "bufferpool/slot_pool.hpp"

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

const std::string kSecret = "correct horse battery staple";

/// Reads also what is out of bounds for a holder.
[[gnu::no_sanitize_address]] bool contains_secret(std::span<const std::byte> memory) {
  const annotate::Unwatched unwatched;
  for (std::size_t at = 0; at + kSecret.size() <= memory.size(); ++at) {
    std::size_t same = 0;
    while (same < kSecret.size() && memory[at + same] == static_cast<std::byte>(kSecret[same])) {
      ++same;
    }
    if (same == kSecret.size()) return true;
  }
  return false;
}

void write_secret(void* at) { std::memcpy(at, kSecret.data(), kSecret.size()); }

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
