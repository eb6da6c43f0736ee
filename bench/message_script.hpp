// What every system is fed: the same bytes in messages of the same lengths, from a fixed seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace seed_bench {

inline constexpr std::size_t piece_bytes = 10;
inline constexpr std::size_t rounds = 1000;

struct MessageScript {
  std::vector<std::byte> input;
  std::vector<std::size_t> message_bytes;  // one entry a round

  /// The bytes that round `round` takes its pieces from: piece i is the ten bytes from i on.
  [[nodiscard]] std::span<const std::byte> input_of(std::size_t round) const {
    return std::span(input).subspan(round);
  }
};

/// Uses no distribution of the standard library: those differ from one implementation to the next.
inline MessageScript make_message_script() {
  constexpr std::size_t longest_bytes = std::size_t{1} << 14;
  std::mt19937_64 random(20240229);
  MessageScript script;
  for (std::size_t i = 0; i < rounds + longest_bytes / piece_bytes + piece_bytes; ++i) {
    script.input.push_back(static_cast<std::byte>(random()));
  }
  for (std::size_t round = 0; round < rounds; ++round) {
    script.message_bytes.push_back(longest_bytes - random() % 12'000);
  }
  return script;
}

inline const MessageScript& message_script() {
  static const MessageScript script = make_message_script();
  return script;
}

}  // namespace seed_bench
