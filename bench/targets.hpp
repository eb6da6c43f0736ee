// The ratios of seed_bench: to MaxEfficiency of the same workload, and what the library sets out to
// reach.
#pragma once

#include "comparison.hpp"

namespace seed_bench {

[[nodiscard]] bench::Comparison comparison();

}  // namespace seed_bench
