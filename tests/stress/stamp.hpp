// A holder's number, written over all that it holds: byte i of the memory is byte i % 8 of the number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace bufferpool::stress {

/// Who holds the bytes; never the same twice in a run.
enum class Stamp : std::uint64_t {};

inline constexpr std::size_t kStampBytes = sizeof(Stamp);

inline void write_stamp(std::span<std::byte> bytes, Stamp stamp) noexcept {
  std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= kStampBytes; left -= kStampBytes, at += kStampBytes) {
    std::memcpy(at, &stamp, kStampBytes);
  }
  if (left != 0) std::memcpy(at, &stamp, left);
}

/// Where the first eight bytes begin that are not the stamp's, if any.
[[nodiscard]] inline std::optional<std::size_t> first_wrong(std::span<const std::byte> bytes,
                                                            Stamp stamp) noexcept {
  std::size_t at = 0;
  for (; at + kStampBytes <= bytes.size(); at += kStampBytes) {
    if (std::memcmp(bytes.data() + at, &stamp, kStampBytes) != 0) return at;
  }
  if (std::memcmp(bytes.data() + at, &stamp, bytes.size() - at) != 0) return at;
  return std::nullopt;
}

}  // namespace bufferpool::stress
