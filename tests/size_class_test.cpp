#include "bufferpool/size_class.hpp"

#include <gtest/gtest.h>

namespace bufferpool::detail {
namespace {

static_assert(kLargestClassBytes == 512 * 1024);

TEST(SizeClass, is_the_smallest_that_holds_the_size) {
  for (std::size_t bytes = 1; bytes <= kLargestClassBytes; ++bytes) {
    const unsigned index = to_index(class_of(bytes));
    ASSERT_LT(index, kSizeClasses) << bytes;
    ASSERT_GE(bytes_of(class_of(bytes)), bytes);
    if (index != 0) {
      ASSERT_LT(bytes_of(static_cast<SizeClass>(index - 1)), bytes);
    }
  }
}

TEST(SizeClass, wastes_at_most_a_quarter_from_33_bytes_on) {
  for (std::size_t bytes = 33; bytes <= kLargestClassBytes; ++bytes) {
    ASSERT_LE(4 * bytes_of(class_of(bytes)), 5 * bytes) << bytes;
  }
}

TEST(SizeClass, the_table_says_what_is_computed) {
  for (std::size_t bytes = 1; bytes <= kTabledBytes; ++bytes) {
    ASSERT_EQ(class_of(bytes), compute_class_of(bytes)) << bytes;
  }
}

TEST(SizeClass, of_a_multiple_of_an_alignment_is_one_too) {
  for (std::size_t alignment = 8; alignment <= kLargestClassBytes; alignment *= 2) {
    for (std::size_t bytes = alignment; bytes <= kLargestClassBytes; bytes += alignment) {
      ASSERT_EQ(bytes_of(class_of(bytes)) % alignment, 0U) << bytes << ' ' << alignment;
    }
  }
}

}  // namespace
}  // namespace bufferpool::detail
