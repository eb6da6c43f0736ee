// What a thread has seen of the others: happens-before, as vector clocks. And the hash by which two
// schedules are told to have led to the same state.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace bufferpool::model {

inline constexpr unsigned kMostThreads = 4;

/// How many operations of each thread come before. 0: none, also for what was done before the threads.
struct VectorClock {
  std::array<std::uint32_t, kMostThreads> times{};

  void join(const VectorClock& other) noexcept {
    for (unsigned i = 0; i < kMostThreads; ++i) times[i] = std::max(times[i], other.times[i]);
  }
  [[nodiscard]] bool covers(unsigned thread, std::uint32_t time) const noexcept {
    return time <= times[thread];
  }
};

/// A thread, as memory sees it.
struct ThreadView {
  unsigned index = 0;
  VectorClock clock;            // what happens before its next operation
  VectorClock pending_acquire;  // what an acquire fence would add
  VectorClock fence_release;    // what its relaxed stores publish since its last release fence
  std::uint64_t hash = 0;       // of all that it did and read

  void tick() noexcept { ++clock.times[index]; }
  [[nodiscard]] std::uint32_t now() const noexcept { return clock.times[index]; }
};

/// Mixes `value` into `hash` (the finalizer of splitmix64).
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t hash, std::uint64_t value) noexcept {
  std::uint64_t x = hash * 0x9E3779B97F4A7C15 + value + 0x632BE59BD9B4E019;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

}  // namespace bufferpool::model
