// The number of a slot in its pool: a type of its own, so that it is not taken for a count or a bit.
#pragma once

#include <cstdint>

namespace bufferpool {

/// From 0 to slots() - 1 <= 2^32 - 1.
enum class SlotIndex : std::uint32_t {};

[[nodiscard]] constexpr std::uint64_t to_number(SlotIndex slot) noexcept {
  return static_cast<std::uint64_t>(slot);
}

namespace detail {

/// Where a slot's number is expected: there is none. (Not std::optional: on the hot path gcc 12 builds
/// it in memory and stalls on reading it back; it doubled the time of an allocation.)
inline constexpr std::uint64_t kNoSlot = ~std::uint64_t{0};

}  // namespace detail
}  // namespace bufferpool
