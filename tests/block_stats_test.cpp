#include "bufferpool/block_stats.hpp"

#include <cstddef>

#include <gtest/gtest.h>

namespace bufferpool {
namespace {

class BlockStatsTest : public ::testing::Test {
 protected:
  BlockStatsTest() {
    for (unsigned index = 0; index < detail::kSizeClasses; ++index) {
      stats_.classes[index].block_bytes = detail::bytes_of(static_cast<detail::SizeClass>(index));
    }
    stats_.largest_class_bytes = 64 * 1024;
  }
  [[nodiscard]] std::size_t block_bytes_of(std::size_t bytes) const {
    return stats_.of(bytes).block_bytes;
  }

  PoolResourceStats stats_;
};

TEST_F(BlockStatsTest, of_a_size_are_those_of_the_least_class_that_is_long_enough) {
  EXPECT_EQ(block_bytes_of(1), 8U);
  EXPECT_EQ(block_bytes_of(64), 64U);
  EXPECT_EQ(block_bytes_of(65), 80U);
  EXPECT_EQ(block_bytes_of(64 * 1024), std::size_t{64} * 1024);
}

TEST_F(BlockStatsTest, of_zero_bytes_are_those_of_one) { EXPECT_EQ(block_bytes_of(0), 8U); }

TEST_F(BlockStatsTest, of_what_no_class_serves_are_those_of_the_runs) {
  EXPECT_EQ(&stats_.of(64 * 1024 + 1), &stats_.runs);
  EXPECT_EQ(&stats_.of(SIZE_MAX), &stats_.runs);
}

}  // namespace
}  // namespace bufferpool
