// Random tests are repeatable: the seeds are fixed, printed when a test fails, and BUFFERPOOL_SEED=N
// runs one of them alone.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace bufferpool::test {

[[nodiscard]] inline std::vector<std::uint64_t> seeds(std::uint64_t count) {
  if (const char* const chosen = std::getenv("BUFFERPOOL_SEED")) {
    return {std::strtoull(chosen, nullptr, 10)};
  }
  std::vector<std::uint64_t> all(count);
  for (std::uint64_t i = 0; i < count; ++i) all[i] = i + 1;
  return all;
}

/// For SCOPED_TRACE.
[[nodiscard]] inline std::string say(std::uint64_t seed) {
  return "to repeat: BUFFERPOOL_SEED=" + std::to_string(seed);
}

}  // namespace bufferpool::test
