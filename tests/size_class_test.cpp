#include "bufferpool/size_class.hpp"

#include <algorithm>
#include <cstddef>

#include <gtest/gtest.h>

namespace bufferpool::detail {
namespace {

static_assert(kLargestClassBytes == 64 * 1024 * 1024);

/// All that are short, and some of those that are long: a class begins and ends at a multiple of 4 KiB there.
template <class Visit>
void for_each_size(Visit&& visit) {
  constexpr std::size_t kShort = 512 * 1024;
  for (std::size_t bytes = 1; bytes <= kShort; ++bytes) visit(bytes);
  for (std::size_t bytes = kShort; bytes < kLargestClassBytes; bytes += 4096) {
    for (const std::size_t more : {1u, 2048u, 4095u, 4096u}) visit(bytes + more);
  }
}

TEST(SizeClass, is_the_smallest_that_holds_the_size) {
  for_each_size([](std::size_t bytes) {
    const unsigned index = to_index(class_of(bytes));
    ASSERT_LT(index, kSizeClasses) << bytes;
    ASSERT_GE(bytes_of(class_of(bytes)), bytes);
    if (index != 0) {
      ASSERT_LT(bytes_of(static_cast<SizeClass>(index - 1)), bytes);
    }
  });
}

TEST(SizeClass, wastes_at_most_a_quarter_from_33_bytes_on) {
  for_each_size([](std::size_t bytes) {
    if (bytes > 32) {
      ASSERT_LE(4 * bytes_of(class_of(bytes)), 5 * bytes) << bytes;
    }
  });
}

TEST(SizeClass, the_table_says_what_is_computed) {
  for (std::size_t bytes = 1; bytes <= kTabledBytes; ++bytes) {
    ASSERT_EQ(class_of(bytes), compute_class_of(bytes)) << bytes;
  }
}

TEST(SizeClass, of_a_multiple_of_an_alignment_is_one_too) {
  for (std::size_t alignment = 8; alignment <= kLargestClassBytes; alignment *= 2) {
    // Above the second, the steps between classes are multiples, too.
    const std::size_t most =
        std::min(kLargestClassBytes, std::max<std::size_t>(512 * 1024, 256 * alignment));
    for (std::size_t bytes = alignment; bytes <= most; bytes += alignment) {
      ASSERT_EQ(bytes_of(class_of(bytes)) % alignment, 0U) << bytes << ' ' << alignment;
    }
  }
}

}  // namespace
}  // namespace bufferpool::detail
