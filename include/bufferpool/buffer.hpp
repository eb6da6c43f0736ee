// What BufferPool and SystemBuffer have in common, so that a decoder is written once for both.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace bufferpool {

/// What a buffer has done since it was made.
struct BufferStats {
  std::uint64_t slices = 0;           ///< handed out by freeze, those of upstream memory included
  std::uint64_t upstream_slices = 0;  ///< of them, in upstream memory
  std::uint64_t chunks = 0;           ///< leased from the pool
  std::uint64_t upstream_chunks = 0;  ///< taken from upstream
  std::uint64_t bytes_moved = 0;      ///< copied because what was being filled had to move
};

/// Append, freeze, send: see basic_buffer.hpp for what each function does.
template <class B>
concept FillBuffer = std::movable<B> && requires(B buffer, const B& view, std::size_t bytes) {
  { buffer.fill(bytes) } -> std::same_as<std::span<std::byte>>;
  { buffer.try_fill(bytes) }
  noexcept->std::same_as<std::span<std::byte>>;
  { buffer.prepare(bytes) } -> std::same_as<std::span<std::byte>>;
  { buffer.try_prepare(bytes) }
  noexcept->std::same_as<std::span<std::byte>>;
  buffer.commit(bytes);
  { buffer.freeze() } -> std::convertible_to<std::span<std::byte>>;
  { buffer.freeze(bytes) } -> std::convertible_to<std::span<std::byte>>;
  { buffer.filled() } -> std::same_as<std::span<std::byte>>;
  { view.size() } -> std::same_as<std::size_t>;
  buffer.truncate(bytes);
  buffer.consume(bytes);
  buffer.clear();
  buffer.reserve(bytes);
  buffer.release_idle();
  { view.stats() } -> std::same_as<BufferStats>;
};

}  // namespace bufferpool
