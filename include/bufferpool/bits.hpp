// Arithmetic on 64-bit words whose bits stand for slots. Pure functions: every change of a bitmap
// word is one of these plus one atomic operation.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace bufferpool::bits {

using Word = std::uint64_t;

inline constexpr unsigned kWordBits = 64;
inline constexpr Word kAllSet = ~Word{0};

/// The bit of `number` in its word, which is number / kWordBits.
[[nodiscard]] constexpr Word bit_of(std::uint64_t number) noexcept {
  return Word{1} << (number % kWordBits);
}

/// The number of the lowest set bit of `mask`, which is not 0, in word `word`: the way back from bit_of().
[[nodiscard]] constexpr std::uint64_t lowest_number(std::uint64_t word, Word mask) noexcept {
  return word * kWordBits + static_cast<unsigned>(std::countr_zero(mask));
}

/// Position of the highest set bit of `word`, which is not 0.
[[nodiscard]] constexpr unsigned highest(Word word) noexcept {
  return kWordBits - 1 - static_cast<unsigned>(std::countl_zero(word));
}

/// How many bits are set. Where a processor need not have an instruction for it, as on x86-64, std::popcount is a call
/// with gcc 12. (H. S. Warren, Hacker's Delight, 5-1, "Counting 1-Bits".)
[[nodiscard]] constexpr unsigned count(Word word) noexcept {
  constexpr Word kOfTwo = kAllSet / 3;
  constexpr Word kOfFour = kAllSet / 15 * 3;
  constexpr Word kOfEight = kAllSet / 255 * 15;
  word -= word >> 1 & kOfTwo;
  word = (word & kOfFour) + (word >> 2 & kOfFour);
  word = (word + (word >> 4)) & kOfEight;
  return static_cast<unsigned>(word * (kAllSet / 255) >> 56);
}

/// `count` set bits from bit `first` on; first + count <= 64.
[[nodiscard]] constexpr Word range(unsigned first, unsigned count) noexcept {
  if (count == 0) return 0;
  return (kAllSet >> (kWordBits - count)) << first;
}

/// The lowest `count` set bits of `word`, or all of them if it has fewer. O(count).
[[nodiscard]] constexpr Word lowest(Word word, unsigned count) noexcept {
  if (count >= kWordBits) return word;
  Word rest = word;
  for (; count != 0 && rest != 0; --count) rest &= rest - 1;
  return word ^ rest;
}

/// Position of the lowest `count` consecutive set bits (1 <= count <= 64), or 64 if there are none.
/// O(log count): after each step, a set bit stands for a run that is as long as `covered`
/// (H. S. Warren, Hacker's Delight, 6-3, "Find first string of 1-bits of a given length").
[[nodiscard]] constexpr unsigned find_run(Word word, unsigned count) noexcept {
  for (unsigned covered = 1; covered < count && word != 0;) {
    const unsigned step = covered < count - covered ? covered : count - covered;
    word &= word >> step;
    covered += step;
  }
  return static_cast<unsigned>(std::countr_zero(word));
}

/// The greatest power of two that divides `value`; 0 for 0.
[[nodiscard]] constexpr std::uint64_t alignment_of(std::uint64_t value) noexcept {
  return value & (~value + 1);
}

/// `value` rounded up to a multiple of `step` (> 0); the caller has made sure that it fits.
[[nodiscard]] constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t step) noexcept {
  return (value + step - 1) / step * step;
}

/// How many times `step` (> 0) is needed to hold `value`; unlike round_up, it cannot overflow.
[[nodiscard]] constexpr std::uint64_t divide_up(std::uint64_t value, std::uint64_t step) noexcept {
  return value / step + (value % step != 0 ? 1 : 0);
}

}  // namespace bufferpool::bits
