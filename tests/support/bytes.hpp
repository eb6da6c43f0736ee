// Bytes that tell where they belong: every stamp is a pattern of its own, so that one byte of another
// slice, or one that has moved, does not fit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace bufferpool::test {

/// Byte number `at` of the pattern `stamp`.
[[nodiscard]] inline std::byte pattern_byte(std::uint64_t stamp, std::size_t at) noexcept {
  const std::uint64_t mixed = (stamp * 0x9E3779B97F4A7C15u) ^ (at * 0xD6E8FEB86659FD93u);
  return static_cast<std::byte>(mixed >> 32);
}

/// Writes the pattern from its byte number `from` on.
inline void write_pattern(std::span<std::byte> space, std::uint64_t stamp, std::size_t from = 0) {
  for (std::size_t i = 0; i < space.size(); ++i) space[i] = pattern_byte(stamp, from + i);
}

/// For slices and spans.
template <class Bytes>
[[nodiscard]] bool holds_pattern(const Bytes& bytes, std::uint64_t stamp, std::size_t from = 0) {
  std::size_t at = from;
  for (const std::byte byte : bytes) {
    if (byte != pattern_byte(stamp, at++)) return false;
  }
  return true;
}

template <class Bytes>
[[nodiscard]] std::string text_of(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Appends `text` to what `buffer` is filling.
template <class Buffer>
void append(Buffer& buffer, std::string_view text) {
  const std::span<std::byte> space = buffer.fill(text.size());
  if (!text.empty()) std::memcpy(space.data(), text.data(), text.size());
}

/// A slice of `bytes` bytes of the pattern `stamp`; the buffer is empty before and after.
template <class Buffer>
[[nodiscard]] auto frozen_pattern(Buffer& buffer, std::size_t bytes, std::uint64_t stamp) {
  write_pattern(buffer.fill(bytes), stamp);
  return buffer.freeze();
}

/// A slice that holds `text`; the buffer is empty before and after.
template <class Buffer>
[[nodiscard]] auto frozen_text(Buffer& buffer, std::string_view text) {
  append(buffer, text);
  return buffer.freeze();
}

}  // namespace bufferpool::test
