// A message that carries its own stamp, so that whoever receives it can tell whether it is whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "support/bytes.hpp"

namespace bufferpool::test {

inline constexpr std::size_t kStampBytes = sizeof(std::uint64_t);

/// Appends the stamp and `payload_bytes` of its pattern, in pieces, as a decoder does.
template <class Buffer>
void append_message(Buffer& buffer, std::uint64_t stamp, std::size_t payload_bytes) {
  std::memcpy(buffer.fill(kStampBytes).data(), &stamp, kStampBytes);
  for (std::size_t at = 0; at < payload_bytes;) {
    const std::size_t piece = payload_bytes - at < 100 ? payload_bytes - at : 100;
    write_pattern(buffer.fill(piece), stamp, at);
    at += piece;
  }
}

template <class Bytes>
[[nodiscard]] std::uint64_t stamp_of(const Bytes& message) {
  std::uint64_t stamp = 0;
  std::memcpy(&stamp, message.data(), kStampBytes);
  return stamp;
}

template <class Bytes>
[[nodiscard]] bool is_whole(const Bytes& message) {
  if (message.size() < kStampBytes) return false;
  const std::span<const std::byte> payload(message.data() + kStampBytes,
                                           message.size() - kStampBytes);
  return holds_pattern(payload, stamp_of(message));
}

}  // namespace bufferpool::test
