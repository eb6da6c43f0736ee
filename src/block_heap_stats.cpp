// What a heap of blocks says about itself: PoolResourceStats.
#include <algorithm>

#include "bufferpool/block_heap.hpp"

namespace bufferpool::detail {
namespace {

/// The sums drift where a block is given back with another length than it was counted with.
std::uint64_t asked_of(std::int64_t sum, std::uint64_t handed_out_bytes) noexcept {
  return std::min(static_cast<std::uint64_t>(std::max<std::int64_t>(sum, 0)), handed_out_bytes);
}

}  // namespace

PoolResourceStats BlockHeap::stats() const noexcept {
  PoolResourceStats stats;
  for (unsigned index = 0; index < kSizeClasses; ++index) {
    ClassShared& shared = shared_[index];
    BlockStats& of_class = stats.classes[index];
    std::uint64_t least_cached = 0;
    of_class.block_bytes = bytes_of(static_cast<SizeClass>(index));
    of_class.whole_slots_bytes = whole_slots_bytes_[index];
    std::uint64_t asked = shared.asked_bytes.get();
    for (BlockCache& cache : caches_.ever_used()) {
      const ClassCache* const found = find_cache(&cache, static_cast<SizeClass>(index));
      if (found == nullptr) continue;
      of_class.cached += found->blocks.fill();
      least_cached += found->blocks.low_water();
      asked += found->blocks.sum();
    }
    const std::uint64_t out = std::max(shared.out.get(), of_class.cached);
    shared.peak.raise(out - std::min(out, least_cached));
    of_class.in_use = out - of_class.cached;
    of_class.peak = shared.peak.get();
    of_class.handed_out_bytes = of_class.in_use * of_class.block_bytes;
    of_class.asked_bytes = asked_of(ClassCache::Blocks::wrap(asked), of_class.handed_out_bytes);
    of_class.upstream_calls = shared.upstream_calls.get();
  }
  stats.runs.in_use = run_blocks_.get();
  stats.runs.peak = run_peak_.get();
  stats.runs.handed_out_bytes = run_slots_.get() * pool_.slot_bytes();
  stats.runs.asked_bytes =
      asked_of(static_cast<std::int64_t>(run_asked_bytes_.get()), stats.runs.handed_out_bytes);
  stats.runs.upstream_calls = run_upstream_calls_.get();
  stats.upstream_blocks = upstream_.size();
  stats.metadata_bytes = metadata_.size();
  stats.largest_class_bytes = largest_class_bytes_;
  return stats;
}

}  // namespace bufferpool::detail
