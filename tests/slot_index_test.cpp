#include "bufferpool/slot_index.hpp"

#include <cstdint>
#include <limits>
#include <type_traits>

#include <gtest/gtest.h>

namespace bufferpool {
namespace {

constexpr auto kLast = static_cast<SlotIndex>(std::numeric_limits<std::uint32_t>::max());

TEST(SlotIndex, numbers_every_slot_of_the_largest_pool) {
  EXPECT_EQ(to_number(SlotIndex{0}), 0U);
  EXPECT_EQ(to_number(kLast), (std::uint64_t{1} << 32) - 1);
}

TEST(SlotIndex, is_not_taken_for_a_number) {
  EXPECT_FALSE((std::is_convertible_v<SlotIndex, std::uint64_t>));
  EXPECT_FALSE((std::is_convertible_v<std::uint32_t, SlotIndex>));
}

TEST(SlotIndex, none_is_the_number_of_no_slot) { EXPECT_GT(detail::kNoSlot, to_number(kLast)); }

}  // namespace
}  // namespace bufferpool
