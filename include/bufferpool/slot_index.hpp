// The number of a slot in its pool: a type of its own, so that it is not taken for a count or a bit.
#pragma once

#include <cstdint>

namespace bufferpool {

/// From 0 to slots() - 1 <= 2^32 - 1.
enum class SlotIndex : std::uint32_t {};

[[nodiscard]] constexpr std::uint64_t to_number(SlotIndex slot) noexcept {
  return static_cast<std::uint64_t>(slot);
}

}  // namespace bufferpool
