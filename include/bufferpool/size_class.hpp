// Size classes: four for every power of two, so that from 33 bytes on a block is at most a quarter longer
// than what was asked for.
//
//   8 16 24 32 | 40 48 56 64 | 80 96 112 128 | 160 192 224 256 | ... | 40 48 56 64 MiB
//
// Pure functions of the size in bytes. A class is a multiple of every power of two that a size of the
// class can be rounded up to and stay in the class, so alignment needs no classes of its own.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace bufferpool::detail {

/// From 0 to kSizeClasses - 1.
enum class SizeClass : std::uint8_t {};

inline constexpr unsigned kSizeClasses = 88;

[[nodiscard]] constexpr unsigned to_index(SizeClass size_class) noexcept {
  return static_cast<unsigned>(size_class);
}

/// The length of the blocks of a class.
[[nodiscard]] constexpr std::size_t bytes_of(SizeClass size_class) noexcept {
  const unsigned index = to_index(size_class);
  if (index < 4) return std::size_t{8} * (index + 1);
  return std::size_t{5 + index % 4} << (index / 4 + 2);
}

/// Of such blocks no thread and no class keeps one that is free: there may be few in a pool.
[[nodiscard]] constexpr bool is_long(SizeClass size_class) noexcept {
  return bytes_of(size_class) > 512 * 1024;
}

inline constexpr SizeClass kLargestClass{kSizeClasses - 1};
inline constexpr std::size_t kLargestClassBytes = bytes_of(kLargestClass);

/// The class of a size from 1 to kLargestClassBytes, computed.
[[nodiscard]] constexpr SizeClass compute_class_of(std::size_t bytes) noexcept {
  if (bytes <= 32) return static_cast<SizeClass>((bytes - 1) / 8);
  const auto width = static_cast<unsigned>(std::bit_width(bytes - 1));
  const auto quarter = static_cast<unsigned>((bytes - 1) >> (width - 3)) & 3;
  return static_cast<SizeClass>(4 * (width - 5) + quarter);
}

/// Up to so many bytes a table says it faster.
inline constexpr std::size_t kTabledBytes = 64 * 1024;

inline constexpr auto kClassTable = [] {
  std::array<SizeClass, kTabledBytes / 8> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = compute_class_of(8 * (i + 1));
  return table;
}();

/// The class of a size from 1 to kLargestClassBytes.
[[nodiscard]] constexpr SizeClass class_of(std::size_t bytes) noexcept {
  return bytes <= kTabledBytes ? kClassTable[(bytes - 1) / 8] : compute_class_of(bytes);
}

}  // namespace bufferpool::detail
