// Sums over the statistics of a resource.
#pragma once

#include <cstdint>
#include <tuple>
#include <vector>

#include "bufferpool/block_stats.hpp"

namespace bufferpool::test {

/// Of all classes and the runs; `peak` is the sum of their peaks.
[[nodiscard]] inline BlockStats sum_of(const PoolResourceStats& stats) {
  BlockStats sum = stats.runs;
  for (const BlockStats& of_class : stats.classes) {
    sum.in_use += of_class.in_use;
    sum.cached += of_class.cached;
    sum.peak += of_class.peak;
    sum.asked_bytes += of_class.asked_bytes;
    sum.handed_out_bytes += of_class.handed_out_bytes;
    sum.upstream_calls += of_class.upstream_calls;
  }
  return sum;
}

/// What must be the same before and after a request that failed.
[[nodiscard]] inline auto what_is_held(const PoolResourceStats& stats) {
  const BlockStats sum = sum_of(stats);
  return std::tuple(sum.in_use, sum.asked_bytes, sum.handed_out_bytes, sum.upstream_calls,
                    stats.upstream_blocks);
}

/// Nobody holds a block.
[[nodiscard]] inline bool is_quiet(const PoolResourceStats& stats) {
  const BlockStats sum = sum_of(stats);
  return sum.in_use == 0 && sum.asked_bytes == 0 && sum.handed_out_bytes == 0 &&
         stats.upstream_blocks == 0;
}

}  // namespace bufferpool::test
