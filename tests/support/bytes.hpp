// Bytes that tell where they belong: every stamp is a pattern of its own, so that one byte of another
// slice, or one that has moved, does not fit.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace bufferpool::test {

/// A pattern is written and read in pieces, of which a sanitizer looks at each once.
inline constexpr std::size_t kPieceBytes = 64;

[[nodiscard]] inline auto pattern_piece(std::uint64_t stamp, std::size_t number) noexcept {
  std::array<std::uint64_t, kPieceBytes / sizeof(std::uint64_t)> words{};
  std::uint64_t at = number * words.size();
  for (std::uint64_t& word : words) {
    word = (stamp * 0x9E3779B97F4A7C15u) ^ (++at * 0xD6E8FEB86659FD93u);
  }
  return std::bit_cast<std::array<std::byte, kPieceBytes>>(words);
}

/// Byte number `at` of the pattern `stamp`.
[[nodiscard]] inline std::byte pattern_byte(std::uint64_t stamp, std::size_t at) noexcept {
  return pattern_piece(stamp, at / kPieceBytes)[at % kPieceBytes];
}

/// Whether `visit(at, piece)` is true for each piece of the `bytes` bytes of a pattern that begin with its byte
/// number `from`; `at` is how many of them are before it.
template <class Visit>
bool every_piece(std::size_t bytes, std::uint64_t stamp, std::size_t from, Visit visit) {
  for (std::size_t done = 0; done < bytes;) {
    const std::size_t skipped = (from + done) % kPieceBytes;
    const std::size_t length = std::min(kPieceBytes - skipped, bytes - done);
    const auto piece = pattern_piece(stamp, (from + done) / kPieceBytes);
    if (!visit(done, std::span(piece).subspan(skipped, length))) return false;
    done += length;
  }
  return true;
}

/// Writes the pattern from its byte number `from` on.
inline void write_pattern(std::span<std::byte> space, std::uint64_t stamp, std::size_t from = 0) {
  every_piece(space.size(), stamp, from, [&](std::size_t at, std::span<const std::byte> piece) {
    std::memcpy(&space[at], piece.data(), piece.size());
    return true;
  });
}

/// For slices and spans.
template <class Bytes>
[[nodiscard]] bool holds_pattern(const Bytes& bytes, std::uint64_t stamp, std::size_t from = 0) {
  const auto is_here = [&](std::size_t at, std::span<const std::byte> piece) {
    return std::memcmp(bytes.data() + at, piece.data(), piece.size()) == 0;
  };
  return every_piece(bytes.size(), stamp, from, is_here);
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
