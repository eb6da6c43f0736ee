// What a thousand connections send: the lengths of their messages, how the bytes arrive, how long each
// message is kept. A mix as proxies see it: most messages are under 200 bytes, most bytes are in long
// ones. The same for every system, from fixed seeds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace traffic_bench {

struct LengthBand {
  std::uint32_t of_10000;  // messages in this band
  std::uint32_t least_bytes;
  std::uint32_t most_bytes;
};

inline constexpr std::array<LengthBand, 5> length_bands = {{
    {9000, 20, 200},
    {800, 200, 4096},
    {180, 4096, 65536},
    {18, 65536, 65536},
    {2, 1 << 20, 1 << 20},
}};
inline constexpr std::size_t longest_message_bytes = std::size_t{1} << 20;

inline std::uint32_t random_length(std::mt19937_64& random) {
  std::uint64_t draw = random() % 10'000;
  for (const LengthBand& band : length_bands) {
    if (draw < band.of_10000)
      return band.least_bytes +
             static_cast<std::uint32_t>(random() % (band.most_bytes - band.least_bytes + 1));
    draw -= band.of_10000;
  }
  return length_bands.front().least_bytes;
}

/// Numbers to be read in a circle.
class Circle {
 public:
  template <class Draw>
  Circle(std::uint64_t seed, Draw draw) : numbers_(std::size_t{1} << 16) {
    std::mt19937_64 random(seed);
    for (std::uint32_t& number : numbers_) number = draw(random);
  }
  [[nodiscard]] std::uint32_t operator[](std::size_t i) const {
    return numbers_[i % numbers_.size()];
  }

 private:
  std::vector<std::uint32_t> numbers_;
};

inline const Circle& message_lengths() {
  static const Circle lengths(20240229, random_length);
  return lengths;
}

/// For whatever else is left to chance.
inline const Circle& dice() {
  static const Circle thrown(
      97, [](std::mt19937_64& random) { return static_cast<std::uint32_t>(random()); });
  return thrown;
}

}  // namespace traffic_bench
