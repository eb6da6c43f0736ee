// Random tests are repeatable: the seeds are printed when a test fails, and BUFFERPOOL_SEED=N runs one of
// them alone.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace bufferpool::test {

[[nodiscard]] inline std::optional<std::uint64_t> chosen_seed() {
  const char* const chosen = std::getenv("BUFFERPOOL_SEED");
  if (chosen == nullptr) return std::nullopt;
  return std::strtoull(chosen, nullptr, 10);
}

[[nodiscard]] inline std::vector<std::uint64_t> seeds(std::uint64_t count) {
  if (const auto chosen = chosen_seed()) return {*chosen};
  std::vector<std::uint64_t> all(count);
  for (std::uint64_t i = 0; i < count; ++i) all[i] = i + 1;
  return all;
}

/// Another one in every run.
[[nodiscard]] inline std::uint64_t fresh_seed() {
  return chosen_seed().value_or(std::random_device{}());
}

/// For SCOPED_TRACE.
[[nodiscard]] inline std::string say(std::uint64_t seed) {
  return "to repeat: BUFFERPOOL_SEED=" + std::to_string(seed);
}

}  // namespace bufferpool::test
