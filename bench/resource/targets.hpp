// The ratios of resource_bench: each row to PoolResource at the same work, and what the library sets
// out to reach at 64 to 16,384 bytes.
#pragma once

#include "comparison.hpp"

namespace resource_bench {

[[nodiscard]] bench::Comparison comparison();

}  // namespace resource_bench
