// The pool that the proxy's systems share: 256 MiB, committed as far as it is used.
#pragma once

#include <cstddef>

#include "bufferpool/slot_pool.hpp"

namespace traffic_bench {

inline constexpr std::size_t proxy_pool_bytes = std::size_t{256} << 20;

/// Of 16 KiB: shorter slots take more leases, longer ones wait longer for the last of their messages.
inline bufferpool::SlotPool proxy_pool(std::size_t slot_bytes = std::size_t{16} * 1024) {
  return bufferpool::SlotPool({.slot_bytes = slot_bytes, .slots = proxy_pool_bytes / slot_bytes});
}

}  // namespace traffic_bench
