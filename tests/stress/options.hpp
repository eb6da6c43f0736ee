// The command line.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace bufferpool::stress {

struct Options {
  unsigned threads = 4;
  std::uint64_t operations = 1'000'000;  // of all threads together
  std::uint64_t seed = 1;
};

/// None: it is not understood, and stderr says which argument.
[[nodiscard]] std::optional<Options> parse(std::span<char* const> arguments);

}  // namespace bufferpool::stress
