// Buffers that are filled and frozen as the input says. Their slices are kept here, or sent to threads, which
// keep them for a while.
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <utility>
#include <vector>

#include "all_free.hpp"
#include "buffer_walk.hpp"
#include "input.hpp"
#include "keeper.hpp"
#include "live_ranges.hpp"
#include "live_slices.hpp"

namespace fuzz {

struct RunOptions {
  unsigned keepers = 0;
  std::size_t most_kept = 64;
  bool slices_outlive_pools = false;
};

class BufferRun {
 public:
  BufferRun(std::vector<BufferWalk> buffers, RunOptions options)
      : buffers_(std::move(buffers)), options_(options) {}

  void run(Input input) {
    while (!input.empty()) step(input);
    if (options_.slices_outlive_pools) buffers_.clear();
    while (!kept_.empty()) kept_.drop(kept_.size() - 1);
    keepers_.clear();
    for (BufferWalk& buffer : buffers_) buffer.finish();
    for (const BufferWalk& buffer : buffers_) require_all_free(buffer.pool());
  }

 private:
  void step(Input& input) {
    switch (input.below(8)) {
      case 0:
        return kept_.disturb(input);
      case 1:
        if (!kept_.empty()) send(kept_.give_away(input.below(kept_.size())), input);
        return;
      default:
        fill(buffers_[input.below(buffers_.size())], input);
    }
  }

  void fill(BufferWalk& buffer, Input& input) {
    std::optional<LiveSlice> frozen = buffer.step(input);
    if (frozen) kept_.add(std::move(*frozen));
    if (kept_.size() > options_.most_kept) kept_.drop(0);
    for (const BufferWalk& any : buffers_) ranges_.require_apart(any.filled());
  }

  /// To a thread that is there only if it is needed: to start one takes longer than most inputs.
  void send(LiveSlice live, Input& input) {
    if (options_.keepers == 0) return kept_.receive(std::move(live));
    const auto which = static_cast<unsigned>(input.below(options_.keepers));
    while (keepers_.size() <= which) {
      const auto core = static_cast<unsigned>(keepers_.size());
      keepers_.emplace_back(ranges_, KeeperOptions{core, input.number(1), options_.most_kept / 2});
    }
    std::next(keepers_.begin(), which)->send(std::move(live));
  }

  LiveRanges ranges_;
  LiveSlices kept_{ranges_};
  std::list<Keeper> keepers_;
  std::vector<BufferWalk> buffers_;
  RunOptions options_;
};

}  // namespace fuzz
