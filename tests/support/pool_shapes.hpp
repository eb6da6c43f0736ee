// Pools of different slots, small and large, of odd lengths, many and few: for tests that run on each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <ostream>

#include <gtest/gtest.h>

#include "bufferpool/slot_pool.hpp"

namespace bufferpool::test {

struct PoolShape {
  const char* name;
  std::size_t slot_bytes;
  std::uint64_t slots;
  std::size_t alignment = 0;

  [[nodiscard]] SlotPool make(std::pmr::memory_resource* upstream = nullptr) const {
    return SlotPool(
        {.slot_bytes = slot_bytes, .slots = slots, .alignment = alignment, .upstream = upstream});
  }
  friend std::ostream& operator<<(std::ostream& out, const PoolShape& shape) {
    return out << shape.name;
  }
};

inline constexpr PoolShape kPoolShapes[] = {
    {"usual", 64 * 1024, 256},
    {"of_16_bytes", 16, 5000},
    {"of_256_bytes", 256, 10'000},
    {"of_4_KiB", 4096, 1000},
    {"of_1_MiB", 1024 * 1024, 24},
    {"of_100000_bytes_aligned_to_16", 100'000, 160, 16},
    {"of_100000_bytes_aligned_to_32", 100'000, 160, 32},
    {"aligned_to_1_MiB", 64 * 1024, 32, 1024 * 1024},
    {"of_24_slots", 64 * 1024, 24},
    {"of_1_slot", 64 * 1024, 1},
    {"of_no_slot", 64 * 1024, 0},
};

/// For INSTANTIATE_TEST_SUITE_P.
[[nodiscard]] inline auto every_pool_shape() { return ::testing::ValuesIn(kPoolShapes); }

}  // namespace bufferpool::test
