// What a pool tells about itself: numbers, and the occupancy map.
#include <algorithm>
#include <ostream>
#include <string_view>

#include "bufferpool/pool_core.hpp"

namespace bufferpool::detail {
namespace {

constexpr std::uint64_t kSlotsARow = 64;
constexpr std::uint64_t kMostRows = 64;

/// 1 to 9, then a to z, then again: neighbours differ, and a slot is found by counting.
char mark_of(std::uint64_t slot) noexcept {
  constexpr std::string_view kMarks = "123456789abcdefghijklmnopqrstuvwxyz";
  return kMarks[slot % kMarks.size()];
}

std::uint64_t length_of_run(const Chunk& chunk) noexcept {
  const std::uint64_t state = chunk.live.value();
  return state > LiveCount::kHeld ? LiveCount::slots_in(state) : chunk.slots();
}

}  // namespace

SlotPoolStats PoolCore::stats() noexcept {
  std::uint64_t cached = 0;
  std::uint64_t left_behind = 0;
  std::uint64_t least_cached = 0;
  for (const SlotCache& cache : caches_.ever_used()) {
    (is_ticket_in_use(cache.owner.get()) ? cached : left_behind) += cache.slots.fill();
    least_cached += cache.slots.low_water();
  }
  const std::uint64_t out = std::max(count_out(), cached + left_behind);
  peak_.raise(out - std::min(out, least_cached));
  return {.slots = slots_,
          .free_slots = slots_ - std::min(slots_, out - left_behind),
          .taken_slots = out - cached - left_behind,
          .cached_slots = cached,
          .peak_slots = peak_.get(),
          .served_by_upstream = served_by_upstream_.get(),
          .refused = refused_.get()};
}

void PoolCore::print(std::ostream& out) const {
  const std::uint64_t shown = std::min(slots_, kSlotsARow * kMostRows);
  std::uint64_t run_end = 0;  // slots before it belong to a run that began earlier
  for (std::uint64_t slot = 0; slot < shown; ++slot) {
    if (slot != 0 && slot % kSlotsARow == 0) out << '\n';
    const std::uint64_t state = chunks_[slot].live.value();
    if (state != 0) run_end = slot + length_of_run(chunks_[slot]);
    const bool cached = state == 0 && slot >= run_end;
    out << (!bitmap_.is_taken(slot) ? '-' : cached ? '.' : mark_of(slot));
  }
  if (shown < slots_) out << "\n... and " << slots_ - shown << " slots more";
}

}  // namespace bufferpool::detail
