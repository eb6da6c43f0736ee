#include "bufferpool/block_cache.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/size_class.hpp"

namespace bufferpool::detail {
namespace {

/// The magazine of the blocks of 64 bytes.
class ClassCacheTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kBlocks = 8;
  static constexpr std::size_t kBlockBytes = 64;

  ClassCacheTest() {
    const std::uint32_t code = BlockCells::in_code(class_of(kBlockBytes));
    cache_->cells = {memory_.data(), states_.data(), memory_.size() / 16, 4, code};
    cache_->blocks.set_limit(kBlocks);
  }

  [[nodiscard]] std::byte* block(std::size_t number) {
    return memory_.data() + number * kBlockBytes;
  }
  /// As who takes a block out of a slab.
  void hold(std::size_t number) { ASSERT_TRUE(cache_->cells.hold(block(number))); }
  [[nodiscard]] void* pop() { return cache_->pop_from(cache_->blocks.top(), kBlockBytes); }

  std::vector<std::byte> memory_ = std::vector<std::byte>(kBlocks * kBlockBytes);
  std::array<BlockState, kBlocks> states_;
  std::unique_ptr<ClassCache> cache_ = std::make_unique<ClassCache>();
};

TEST_F(ClassCacheTest, a_block_is_held_from_its_pop_to_its_push) {
  hold(3);
  ASSERT_TRUE(cache_->push(block(3), kBlockBytes));
  EXPECT_FALSE(cache_->cells.is_held(block(3)));
  EXPECT_EQ(pop(), block(3));
  EXPECT_TRUE(cache_->cells.is_held(block(3)));
  EXPECT_EQ(cache_->blocks.fill(), 0U);
}

TEST_F(ClassCacheTest, a_push_of_what_is_not_held_changes_nothing) {
  EXPECT_FALSE(cache_->push(block(0), kBlockBytes));
  EXPECT_FALSE(cache_->push(block(0) + 16, kBlockBytes));
  EXPECT_EQ(cache_->blocks.fill(), 0U);
  EXPECT_EQ(cache_->blocks.sum(), 0U);
}

TEST_F(ClassCacheTest, a_push_beyond_the_limit_leaves_the_block_held) {
  cache_->blocks.set_limit(1);
  hold(0);
  hold(1);
  EXPECT_TRUE(cache_->push(block(0), kBlockBytes));
  EXPECT_FALSE(cache_->push(block(1), kBlockBytes));
  EXPECT_TRUE(cache_->cells.is_held(block(1)));
}

TEST_F(ClassCacheTest, a_block_that_came_twice_is_not_handed_out_while_it_is_held) {
  // Two threads that push it within a few nanoseconds both see it held.
  hold(5);
  ASSERT_TRUE(cache_->push(block(5), kBlockBytes));
  hold(5);
  ASSERT_TRUE(cache_->push(block(5), kBlockBytes));
  EXPECT_EQ(pop(), block(5));
  EXPECT_EQ(pop(), nullptr);
  EXPECT_EQ(cache_->blocks.fill(), 1U);
}

}  // namespace
}  // namespace bufferpool::detail
