// A text that is looked for where it must not be.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

#include "support/unwatched.hpp"

namespace bufferpool::test {

inline constexpr std::string_view kSecret = "correct horse battery staple";

/// Reads also what is out of bounds for a holder.
[[nodiscard, gnu::no_sanitize_address]] inline bool contains_secret(
    std::span<const std::byte> memory) {
  const Unwatched unwatched;
  for (std::size_t at = 0; at + kSecret.size() <= memory.size(); ++at) {
    std::size_t same = 0;
    while (same < kSecret.size() && memory[at + same] == static_cast<std::byte>(kSecret[same])) {
      ++same;
    }
    if (same == kSecret.size()) return true;
  }
  return false;
}

inline void write_secret(void* at) { std::memcpy(at, kSecret.data(), kSecret.size()); }

}  // namespace bufferpool::test
