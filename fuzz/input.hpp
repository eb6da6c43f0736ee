// The input of a fuzz target, a number at a time; zeros when it is used up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fuzz {

class Input {
 public:
  explicit Input(std::span<const std::uint8_t> bytes) noexcept : rest_(bytes) {}

  [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
  [[nodiscard]] std::span<const std::uint8_t> rest() const noexcept { return rest_; }

  std::uint64_t number(unsigned bytes) noexcept {
    std::uint64_t number = 0;
    for (; bytes != 0 && !rest_.empty(); --bytes) {
      number = number << 8 | rest_.front();
      rest_ = rest_.subspan(1);
    }
    return number;
  }

  /// Takes no more bytes than such a number needs. `limit` >= 1.
  std::size_t below(std::size_t limit) noexcept {
    unsigned bytes = 0;
    for (std::size_t most = limit - 1; most != 0; most >>= 8) ++bytes;
    return number(bytes) % limit;
  }

  /// 0 to about 2^most_bits. Every order of magnitude is as likely, and so are powers of two and their
  /// neighbours, where the off-by-ones are.
  std::uint64_t of_any_magnitude(unsigned most_bits) noexcept {
    const std::size_t bits = below(most_bits + 2);
    if (bits == 0) return 0;
    const std::uint64_t power = std::uint64_t{1} << (bits - 1);
    const std::uint64_t near = number(1);
    if (near < 8) return power + near;
    if (near < 16) return power - (near - 8) % power;
    return power + (near * 0x9E3779B97F4A7C15u) % power;
  }

  template <class T, std::size_t N>
  const T& one_of(const T (&choices)[N]) noexcept {
    return choices[below(N)];
  }

 private:
  std::span<const std::uint8_t> rest_;
};

}  // namespace fuzz
