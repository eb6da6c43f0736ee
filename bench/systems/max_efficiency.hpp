// The lower bound: no bookkeeping, every fill returns the same memory. Broken on purpose.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>

#include "message_memory.hpp"

namespace seed_bench {

/// The pointer, at the start of a page, and the bytes lie at different distances from one. Were
/// they the same, the processor would take each load of the pointer for one of the bytes just
/// stored (4K aliasing), which makes the lower bound five times as slow.
class alignas(4096) MaxEfficiency {
 public:
  explicit MaxEfficiency(std::size_t capacity_bytes)
      : pages_(std::make_unique_for_overwrite<Page[]>(capacity_bytes / sizeof(Page) + 1)),
        bytes_(pages_[0].data() + 256),
        capacity_bytes_(capacity_bytes) {}

  std::span<std::byte> fill(std::size_t n) noexcept { return {bytes_, n}; }

  /// A view: it does not know how much was filled, and nothing keeps its bytes from being
  /// overwritten.
  std::span<std::byte> freeze() noexcept { return {bytes_, capacity_bytes_}; }

 private:
  struct alignas(4096) Page : std::array<std::byte, 4096> {};

  std::unique_ptr<Page[]> pages_;
  std::byte* bytes_;
  std::size_t capacity_bytes_;
};

template <>
inline constexpr bool keeps_bytes<MaxEfficiency> = false;

}  // namespace seed_bench
