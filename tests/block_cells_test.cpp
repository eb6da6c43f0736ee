#include "bufferpool/block_cells.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/size_class.hpp"

namespace bufferpool::detail {
namespace {

/// The states of blocks of 40 bytes, in cells of 32 bytes and grains of 8, over 100 such blocks.
class BlockCellsTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kBlocks = 100;
  static constexpr std::size_t kBlockBytes = 40;

  [[nodiscard]] std::byte* block(std::size_t number) {
    return memory_.data() + number * kBlockBytes;
  }
  void hold_all() {
    for (std::size_t i = 0; i < kBlocks; ++i) ASSERT_TRUE(cells_.hold(block(i)));
  }

  std::vector<std::byte> memory_ = std::vector<std::byte>(kBlocks * kBlockBytes);
  std::vector<BlockState> states_{memory_.size() / 32};
  BlockCells cells_{memory_.data(), states_.data(), memory_.size() / 8, 3,
                    BlockCells::in_code(class_of(kBlockBytes))};
};

TEST_F(BlockCellsTest, a_block_that_is_held_ends_once) {
  hold_all();
  for (std::size_t i = 0; i < kBlocks; ++i) {
    EXPECT_TRUE(cells_.is_held(block(i)));
    EXPECT_TRUE(cells_.unhold(block(i))) << i;
    EXPECT_FALSE(cells_.unhold(block(i))) << i;
    EXPECT_FALSE(cells_.is_held(block(i)));
  }
}

TEST_F(BlockCellsTest, a_block_that_is_held_cannot_be_held_by_another) {
  hold_all();
  for (std::size_t i = 0; i < kBlocks; ++i) {
    EXPECT_FALSE(cells_.hold(block(i))) << i;
    EXPECT_TRUE(cells_.unhold(block(i))) << i;
    EXPECT_TRUE(cells_.hold(block(i))) << i;
  }
}

TEST_F(BlockCellsTest, no_address_inside_a_block_passes_for_one) {
  hold_all();
  for (std::size_t i = 0; i < kBlocks; ++i) {
    for (std::size_t inside = 1; inside < kBlockBytes; ++inside) {
      ASSERT_FALSE(cells_.unhold(block(i) + inside)) << i << " + " << inside;
    }
  }
  for (std::size_t i = 0; i < kBlocks; ++i) EXPECT_TRUE(cells_.unhold(block(i)));
}

TEST_F(BlockCellsTest, no_address_outside_passes_for_one) {
  hold_all();
  const std::byte* const end = block(kBlocks);
  for (std::size_t far = 0; far < 10'000; ++far) {
    ASSERT_FALSE(cells_.unhold(end + far));
    ASSERT_FALSE(cells_.unhold(memory_.data() - 1 - far));
  }
  EXPECT_FALSE(cells_.unhold(nullptr));
  EXPECT_FALSE(cells_.unhold(reinterpret_cast<const void*>(UINTPTR_MAX)));
}

TEST_F(BlockCellsTest, another_classs_code_does_not_end_it) {
  const BlockCells others{memory_.data(), states_.data(), memory_.size() / 8, 3,
                          BlockCells::in_code(class_of(kBlockBytes + 8))};
  hold_all();
  for (std::size_t i = 0; i < kBlocks; ++i) {
    EXPECT_FALSE(others.unhold(block(i)));
    EXPECT_TRUE(cells_.unhold(block(i)));
  }
}

TEST_F(BlockCellsTest, what_is_forgotten_is_not_held) {
  hold_all();
  cells_.forget(block(0), memory_.size());
  for (std::size_t i = 0; i < kBlocks; ++i) EXPECT_FALSE(cells_.unhold(block(i)));
}

TEST_F(BlockCellsTest, what_lies_beside_the_forgotten_stays_held) {
  hold_all();
  cells_.forget(block(8), 8 * kBlockBytes);  // of whole cells
  for (std::size_t i = 0; i < kBlocks; ++i) {
    EXPECT_EQ(cells_.unhold(block(i)), i < 8 || i >= 16) << i;
  }
}

TEST(BlockCells, say_their_class) {
  for (unsigned index = 0; index < kSizeClasses; ++index) {
    BlockCells cells{};
    cells.code = BlockCells::in_code(SizeClass(index));
    EXPECT_EQ(to_index(cells.size_class()), index);
  }
}

TEST(BlockCells, the_codes_of_classes_that_share_an_array_fit_and_differ) {
  std::vector<BlockState> states(1);
  std::vector<std::byte> memory(32);
  const auto cells_of = [&](unsigned index) {
    return BlockCells{memory.data(), states.data(), 4, 3, BlockCells::in_code(SizeClass(index))};
  };
  for (unsigned held = 0; held < BlockCells::kCodes; ++held) {
    const BlockCells cells = cells_of(held);
    for (std::size_t grain = 0; grain < 4; ++grain) {
      ASSERT_TRUE(cells.hold(memory.data() + 8 * grain));
      for (unsigned other = 0; other < BlockCells::kCodes; ++other) {
        const BlockCells others = cells_of(other);
        for (std::size_t at = 0; at < 4; ++at) {
          if (other == held && at == grain) continue;
          ASSERT_FALSE(others.unhold(memory.data() + 8 * at)) << held << " as " << other;
        }
      }
      ASSERT_TRUE(cells.unhold(memory.data() + 8 * grain));
    }
  }
}

}  // namespace
}  // namespace bufferpool::detail
