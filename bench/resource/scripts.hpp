// What every system is asked for: the same operations, from fixed seeds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace resource_bench {

/// The numbers below `count` in random order.
inline std::vector<std::uint32_t> shuffled(std::uint32_t count) {
  std::mt19937_64 random(20240229);
  std::vector<std::uint32_t> order(count);
  for (std::uint32_t i = 0; i < count; ++i) order[i] = i;
  for (std::uint32_t i = count; i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  return order;
}

inline constexpr std::size_t steps = 1000;

struct Step {
  std::uint32_t place;  // which of the live blocks, elements or keys
  std::uint32_t bytes;  // of the block that takes the place
};

/// `steps` of them, with places below `places` and lengths above half of `bytes` up to all of it:
/// in a pool with several classes to a power of two, several are in use.
inline std::vector<Step> random_steps(std::uint64_t seed, std::uint32_t places, std::size_t bytes) {
  std::mt19937_64 random(seed);
  std::vector<Step> script(steps);
  for (Step& step : script) {
    step.place = static_cast<std::uint32_t>(random() % places);
    step.bytes = static_cast<std::uint32_t>(bytes - random() % (bytes / 2));
  }
  return script;
}

/// One for each of several threads.
inline std::vector<std::vector<Step>> scripts_of_threads(std::size_t threads, std::uint32_t places,
                                                         std::size_t bytes) {
  std::vector<std::vector<Step>> scripts;
  for (std::size_t i = 0; i < threads; ++i) scripts.push_back(random_steps(i, places, bytes));
  return scripts;
}

}  // namespace resource_bench
