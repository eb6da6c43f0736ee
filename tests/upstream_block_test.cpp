#include "bufferpool/upstream_block.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "support/two_threads.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::detail {
namespace {

constexpr std::uint64_t kOwner = 7;

class UpstreamBlockTest : public ::testing::Test {
 protected:
  [[nodiscard]] void* allocate(BlockShape shape) {
    return UpstreamBlock::allocate(upstream_, kOwner, shape)->data();
  }
  [[nodiscard]] bool release(void* data, BlockShape shape, std::uint64_t owner = kOwner) {
    UpstreamBlock* const block = UpstreamBlock::release(data, owner, shape);
    if (block != nullptr) block->free(upstream_, shape);
    return block != nullptr;
  }
  test::WatchedResource upstream_;
};

TEST_F(UpstreamBlockTest, has_the_length_and_alignment_that_were_asked_for) {
  for (std::size_t alignment = 1; alignment <= 1 << 20; alignment *= 2) {
    for (const std::size_t bytes : {0u, 1u, 15u, 100u, 70'000u}) {
      void* const data = allocate({bytes, alignment});
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(data) % alignment, 0u);
      std::memset(data, 0x5A, bytes);  // AddressSanitizer tells whether it is all there
      EXPECT_TRUE(release(data, {bytes, alignment})) << bytes << ", " << alignment;
      EXPECT_EQ(upstream_.live_blocks(), 0u);
    }
  }
}

TEST_F(UpstreamBlockTest, is_released_once) {
  void* const data = allocate({100, 16});
  UpstreamBlock* const block = UpstreamBlock::release(data, kOwner, {100, 16});
  ASSERT_NE(block, nullptr);
  EXPECT_EQ(UpstreamBlock::release(data, kOwner, {100, 16}), nullptr);
  block->free(upstream_, {100, 16});
}

TEST_F(UpstreamBlockTest, is_found_by_its_owner_until_it_is_released) {
  void* const data = allocate({100, 16});
  const UpstreamBlock* const found = UpstreamBlock::find(data, kOwner);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->shape.bytes, 100u);
  EXPECT_EQ(UpstreamBlock::find(data, kOwner + 1), nullptr);
  EXPECT_EQ(UpstreamBlock::find(static_cast<std::byte*>(data) + 16, kOwner), nullptr);
  EXPECT_EQ(UpstreamBlock::find(static_cast<std::byte*>(data) + 1, kOwner), nullptr);
  EXPECT_EQ(UpstreamBlock::find(nullptr, kOwner), nullptr);
  UpstreamBlock* const block = UpstreamBlock::release(data, kOwner, {100, 16});
  EXPECT_EQ(UpstreamBlock::find(data, kOwner), nullptr);
  block->free(upstream_, {100, 16});
}

TEST_F(UpstreamBlockTest, is_not_released_with_another_shape_or_by_another_owner) {
  void* const data = allocate({100, 16});
  for (const BlockShape wrong : {BlockShape{99, 16}, BlockShape{101, 16}, BlockShape{100, 8},
                                 BlockShape{100, 32}, BlockShape{100, 1}, BlockShape{0, 16}}) {
    EXPECT_FALSE(release(data, wrong)) << wrong.bytes << ", " << wrong.alignment;
  }
  EXPECT_FALSE(release(data, {100, 16}, kOwner + 1));
  EXPECT_TRUE(release(data, {100, 16}));
}

TEST_F(UpstreamBlockTest, no_other_address_passes_for_one) {
  auto* const data = static_cast<std::byte*>(allocate({256, 16}));
  alignas(64) std::byte local[256] = {};
  for (std::size_t inside = 1; inside < 256; ++inside) {
    EXPECT_FALSE(release(data + inside, {256, 16}));
  }
  EXPECT_FALSE(release(local + 64, {256, 16}));
  EXPECT_FALSE(release(nullptr, {256, 16}));
  EXPECT_FALSE(release(reinterpret_cast<void*>(4096), {256, 16}));
  EXPECT_FALSE(release(reinterpret_cast<void*>(UINTPTR_MAX - 15), {256, 16}));
  EXPECT_TRUE(release(data, {256, 16}));
}

TEST_F(UpstreamBlockTest, each_of_many_is_found_and_released_once) {
  std::vector<void*> blocks(200'000);  // more than the table has buckets
  for (void*& block : blocks) block = allocate({1, 1});
  std::mt19937 random(1);
  std::shuffle(blocks.begin(), blocks.end(), random);
  for (void* const block : blocks) {
    const UpstreamBlock* const found = UpstreamBlock::find(block, kOwner);
    EXPECT_TRUE(found != nullptr && found + 1 == block);
    EXPECT_TRUE(release(block, {1, 1}));
    EXPECT_EQ(UpstreamBlock::find(block, kOwner), nullptr);
  }
}

TEST_F(UpstreamBlockTest, a_size_that_overflows_is_refused_before_upstream_is_asked) {
  for (const BlockShape huge : {BlockShape{SIZE_MAX, 1}, BlockShape{SIZE_MAX - 40, 16},
                                BlockShape{PTRDIFF_MAX, 16}, BlockShape{16, SIZE_MAX / 2 + 1}}) {
    EXPECT_THROW(static_cast<void>(allocate(huge)), std::bad_alloc);
  }
  EXPECT_EQ(upstream_.calls(), 0u);
}

TEST_F(UpstreamBlockTest, upstreams_exception_passes) {
  upstream_.fail_at(1);
  EXPECT_THROW(static_cast<void>(allocate({100, 16})), std::bad_alloc);
  EXPECT_EQ(upstream_.live_blocks(), 0u);
}

TEST_F(UpstreamBlockTest, of_two_threads_that_release_it_one_gets_it) {
  constexpr std::size_t kBlocks = 2000;
  std::vector<void*> blocks(kBlocks);
  std::vector<UpstreamBlock*> got(kBlocks);
  for (void*& block : blocks) block = allocate({32, 16});
  test::expect_one_winner(kBlocks, [&](int, std::size_t number) {
    UpstreamBlock* const block = UpstreamBlock::release(blocks[number], kOwner, {32, 16});
    if (block != nullptr) got[number] = block;
    return block != nullptr;
  });
  for (UpstreamBlock* const block : got) block->free(upstream_, {32, 16});
}

}  // namespace
}  // namespace bufferpool::detail
