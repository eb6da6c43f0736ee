// The pool that the proxy's systems share: 256 MiB, committed as far as it is used.
#pragma once

#include <cstddef>

#include "bufferpool/slot_pool.hpp"

namespace traffic_bench {

/// Of 16 KiB: shorter slots take more leases, longer ones wait longer for the last of their messages.
inline bufferpool::SlotPool proxy_pool() {
  return bufferpool::SlotPool({.slot_bytes = std::size_t{16} * 1024, .slots = 16384});
}

}  // namespace traffic_bench
