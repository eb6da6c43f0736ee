// The clock for single operations: x86-64's time stamp counter, elsewhere steady_clock. Its ticks are
// meant to be subtracted. Thread-safe; the counters of all cores run alike on what Linux trusts. On a
// Zen 5 the counter moves on in steps of 10 ns, and short calls take a whole number of them.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <thread>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace bench {

#if defined(__x86_64__)
/// Read after what stands before it is done, and before what comes after it begins.
[[nodiscard]] inline std::uint64_t read_ticks() noexcept {
  _mm_lfence();
  const std::uint64_t ticks = __rdtsc();
  _mm_lfence();
  return ticks;
}
#else
[[nodiscard]] inline std::uint64_t read_ticks() noexcept {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}
#endif

/// Takes 20 ms the first time.
[[nodiscard]] inline double ns_of_tick() {
  using Clock = std::chrono::steady_clock;
  static const double measured = [] {
    const Clock::time_point begin = Clock::now();
    const std::uint64_t first = read_ticks();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const std::chrono::duration<double, std::nano> passed = Clock::now() - begin;
    return passed.count() / static_cast<double>(read_ticks() - first);
  }();
  return measured;
}

/// What the clock shows for nothing at all: the median from one reading to the next.
[[nodiscard]] inline double clock_ns() {
  std::array<std::uint64_t, 1001> between;
  for (std::uint64_t& ticks : between) {
    const std::uint64_t begin = read_ticks();
    ticks = read_ticks() - begin;
  }
  std::ranges::nth_element(between, between.begin() + between.size() / 2);
  return static_cast<double>(between[between.size() / 2]) * ns_of_tick();
}

}  // namespace bench
