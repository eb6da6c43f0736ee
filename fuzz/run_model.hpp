// Runs of slots of a SlotPool, which others use at the same time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "held_block.hpp"
#include "input.hpp"
#include "live_ranges.hpp"
#include <bufferpool/slot_pool.hpp>

namespace fuzz {

class RunModel {
 public:
  RunModel(bufferpool::SlotPool pool, LiveRanges& ranges)
      : pool_(std::move(pool)), ranges_(ranges) {}
  RunModel(const RunModel&) = delete;
  RunModel& operator=(const RunModel&) = delete;
  ~RunModel() { deallocate_all(); }

  /// Passes upstream's std::bad_alloc on, with nothing changed.
  void step(Input& input) {
    const std::size_t choice = input.below(4);
    if (choice == 0 || runs_.empty()) return allocate(1 + input.of_any_magnitude(6));
    std::swap(runs_[input.below(runs_.size())], runs_.back());
    if (choice == 1) return extend(runs_.back(), input.of_any_magnitude(6));
    deallocate_last();
  }
  void deallocate_all() {
    while (!runs_.empty()) deallocate_last();
  }

 private:
  void allocate(std::uint64_t slots) {
    if (runs_.size() >= kMostRuns) return deallocate_last();
    add({static_cast<std::byte*>(pool_.allocate_run(slots)), slots * pool_.slot_bytes(), 1,
         ++stamp_});
  }
  void add(const HeldBlock& run) {
    ranges_.add(run.range());
    run.write();
    runs_.push_back(run);
  }
  void extend(HeldBlock& run, std::uint64_t extra_slots) {
    const std::uint64_t slots = run.bytes / pool_.slot_bytes();
    const std::uint64_t more = slots + extra_slots;
    if (!pool_.try_extend(run.data, slots, more)) return;
    run.check();
    ranges_.remove(run.range());
    const HeldBlock longer{run.data, more * pool_.slot_bytes(), 1, ++stamp_};
    runs_.pop_back();
    add(longer);
  }
  void deallocate_last() {
    const HeldBlock run = runs_.back();
    run.check();
    ranges_.remove(run.range());
    runs_.pop_back();
    pool_.deallocate_run(run.data, run.bytes / pool_.slot_bytes());
  }

  static constexpr std::size_t kMostRuns = 16;

  bufferpool::SlotPool pool_;
  LiveRanges& ranges_;
  std::vector<HeldBlock> runs_;
  std::uint64_t stamp_ = 1'000'000'000;
};

}  // namespace fuzz
