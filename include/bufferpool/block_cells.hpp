// The state of every block of a size class, a byte each, outside of the blocks: who gives one back says by
// its address and class what the byte must be.
//
//   pool:   |  block 40  |  block 40  |  block 40  |     cell: 32 bytes, so that no two blocks begin in one
//   cells:  | c0 | c1 | c2 | c3 | ...                    grain: 8 bytes, so that each begins at a grain
//
// A cell is the largest power of two that is no longer than the blocks of the class; a grain is a quarter of
// it. The byte says the class, and at which of the four grains of its cell the block begins; 0: not held.
// It has codes for 63 classes: the bytes of those from the 64th on are in an array of their own.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "bufferpool/live_count.hpp"
#include "bufferpool/size_class.hpp"

namespace bufferpool::detail {

struct BlockCells {
  const std::byte* base;  // of the pool's slots
  BlockState* states;     // one a cell
  std::uint64_t grains;   // of the pool's slots; 0: closed, no block passes for one that is held
  std::uint32_t grain_shift;
  std::uint32_t code;  // of the class: in_code()

  static constexpr unsigned kCodes = 63;
  /// For `code`: the class, above the byte by which a state says it.
  [[nodiscard]] static constexpr std::uint32_t in_code(SizeClass size_class) noexcept {
    const unsigned index = to_index(size_class);
    return index << 8 | 4 * (index % kCodes + 1);
  }
  [[nodiscard]] SizeClass size_class() const noexcept { return static_cast<SizeClass>(code >> 8); }

  /// The block, which the caller took from where free ones are, is held from now on. False, and nothing
  /// changed: somebody holds it, as two threads gave it back at the same instant.
  [[nodiscard]] bool hold(const void* block) const noexcept {
    const std::uint64_t grain = grain_of(block);
    return states[grain / 4].hold(code_of(grain));
  }

  /// False, and nothing changed: this is no block of the class, or it is not held.
  [[nodiscard]] bool unhold(const void* block) const noexcept {
    const std::uint64_t grain = grain_of(block);
    return grain < grains && states[grain / 4].unhold(code_of(grain));
  }

  /// False: this is no block of the class, or it is not held.
  [[nodiscard]] bool is_held(const void* block) const noexcept {
    const std::uint64_t grain = grain_of(block);
    return grain < grains && states[grain / 4].value() == code_of(grain);
  }

  /// Nothing in the range is held any more; no other thread may be in a call.
  void forget(const std::byte* begin, std::size_t bytes) const noexcept {
    const std::uint64_t first = grain_of(begin);
    for (std::uint64_t cell = first / 4; cell <= (first + (bytes >> grain_shift) - 1) / 4; ++cell) {
      states[cell].forget();
    }
  }

 private:
  /// Rotated, an address that is between two grains, or outside of the pool, has its high bits set.
  [[nodiscard]] std::uint64_t grain_of(const void* block) const noexcept {
    const auto offset = static_cast<std::uint64_t>(static_cast<const std::byte*>(block) - base);
    return std::rotr(offset, static_cast<int>(grain_shift));
  }
  [[nodiscard]] std::uint8_t code_of(std::uint64_t grain) const noexcept {
    return static_cast<std::uint8_t>(code | (grain & 3));
  }
};

}  // namespace bufferpool::detail
