// Counts this process's heap allocations and mutex locks. Linking call_counter.cpp into an
// executable is enough: its definitions of malloc and pthread_mutex_lock take precedence over those
// of the C library (glibc only).
#pragma once

#include <cstdint>

namespace seed_bench {

struct Calls {
  std::uint64_t allocations;  // malloc and its kin, hence operator new
  std::uint64_t locks;        // pthread_mutex_lock, hence std::mutex

  friend Calls operator-(Calls left, Calls right) {
    return {left.allocations - right.allocations, left.locks - right.locks};
  }
};

/// All calls of all threads since the process began.
[[nodiscard]] Calls calls_so_far() noexcept;

}  // namespace seed_bench
