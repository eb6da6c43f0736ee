// Does the cost of a slot depend on how many there are, or on how many are taken? Rows are
// `scale/SlotPool/<slots>/<percent taken>`, `full/SlotPool/<slots>`: the time to learn that no slot is left,
// and `scale_blocks/PoolResource/<slots>/<bytes>`, where half of the slots are taken. It models pools of all
// sizes under load. A cheat would be free slots that lie side by side, or to give back each slot before the
// next is taken, out of a magazine that never runs empty.

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory_resource>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "bufferpool/pool_resource.hpp"
#include "bufferpool/slot_pool.hpp"
#include "placement.hpp"
#include "program.hpp"

namespace scale_bench {
namespace {

using bufferpool::SlotPool;

constexpr std::array<std::uint64_t, 9> slot_counts = {8,       64,      512,     4096,   1 << 15,
                                                      1 << 18, 1 << 20, 1 << 22, 1 << 24};

/// So many percent of the slots are taken; those that are free lie scattered at random.
class PartlyTakenPool {
 public:
  PartlyTakenPool(std::uint64_t slots, std::uint64_t percent)
      : pool_({.slot_bytes = 256, .slots = slots, .upstream = std::pmr::null_memory_resource()}) {
    taken_.reserve(slots);
    for (std::uint64_t i = 0; i < slots; ++i) taken_.push_back(pool_.allocate());
    give_back(slots - slots * percent / 100);
  }
  PartlyTakenPool(const PartlyTakenPool&) = delete;
  PartlyTakenPool& operator=(const PartlyTakenPool&) = delete;
  ~PartlyTakenPool() { give_back(taken_.size()); }

  [[nodiscard]] SlotPool& pool() { return pool_; }
  [[nodiscard]] std::uint64_t free_slots() const { return pool_.slots() - taken_.size(); }

 private:
  // Which ones is drawn at random, in one pass over all of them: each as likely as every other.
  void give_back(std::uint64_t wanted) {
    std::mt19937_64 random(wanted);
    std::uint64_t left = taken_.size();
    std::erase_if(taken_, [&](void* slot) {
      const bool chosen = random() % left-- < wanted;
      if (!chosen) return false;
      --wanted;
      pool_.deallocate(slot);
      return true;
    });
  }

  SlotPool pool_;
  std::vector<void*> taken_;
};

/// Takes up to 1,000 slots before it gives the first one back. Timed for one slot, both ways.
void take_and_give(benchmark::State& state, std::uint64_t slots, std::uint64_t percent) {
  PartlyTakenPool partly_taken(slots, percent);
  SlotPool& pool = partly_taken.pool();
  std::vector<void*> burst(std::min<std::uint64_t>(partly_taken.free_slots(), 1000));
  while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(burst.size()))) {
    for (void*& slot : burst) slot = pool.allocate();
    benchmark::ClobberMemory();
    for (void* slot : burst) pool.deallocate(slot);
  }
}

void report_full(benchmark::State& state, std::uint64_t slots) {
  PartlyTakenPool full(slots, 100);
  for (auto _ : state) benchmark::DoNotOptimize(full.pool().try_allocate());
}

/// Takes 3,000 blocks, three times what a magazine may keep, and gives them back at random. Timed for one
/// block, both ways.
void take_and_give_blocks(benchmark::State& state, std::uint64_t slots, std::size_t bytes) {
  constexpr std::size_t slot_bytes = std::size_t{64} * 1024;
  const bufferpool::SlotPool pool(
      {.slot_bytes = slot_bytes, .slots = slots, .upstream = std::pmr::null_memory_resource()});
  bufferpool::PoolResource memory(pool);  // gives back what is left
  for (std::uint64_t i = 0; i < slots / 2; ++i) static_cast<void>(memory.allocate(slot_bytes));
  std::vector<void*> burst(3000);
  std::mt19937_64 random(bytes);
  while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(burst.size()))) {
    for (void*& block : burst) block = memory.allocate(bytes);
    state.PauseTiming();
    std::shuffle(burst.begin(), burst.end(), random);
    state.ResumeTiming();
    for (void* block : burst) memory.deallocate(block, bytes);
  }
}

// A fixed number of iterations: to make the pool takes longer than to measure, and a search for the
// number would make it several times.
void register_all() {
  constexpr benchmark::IterationCount iterations = 500'000;
  for (const std::uint64_t percent : {0U, 50U, 90U, 99U}) {
    for (const std::uint64_t slots : slot_counts) {
      bench::register_row("scale/SlotPool/" + std::to_string(slots) + "/" + std::to_string(percent),
                          [=](benchmark::State& state) { take_and_give(state, slots, percent); })
          ->Iterations(iterations);
    }
  }
  for (const std::uint64_t slots : {1U << 12, 1U << 16, 1U << 20}) {
    for (const std::size_t bytes : {64U, 4096U, 32768U}) {
      bench::register_row(
          "scale_blocks/PoolResource/" + std::to_string(slots) + "/" + std::to_string(bytes),
          [=](benchmark::State& state) { take_and_give_blocks(state, slots, bytes); })
          ->Iterations(iterations);
    }
  }
  for (const std::uint64_t slots : slot_counts) {
    bench::register_row("full/SlotPool/" + std::to_string(slots), [slots](benchmark::State& state) {
      report_full(state, slots);
    })->Iterations(iterations);
  }
}

/// The smallest pool at the same work.
std::string reference_of(std::string_view row) {
  const std::string last(row.substr(row.rfind('/')));
  if (row.starts_with("full/")) return "full/SlotPool/8";
  if (row.starts_with("scale_blocks/")) return "scale_blocks/PoolResource/4096" + last;
  return "scale/SlotPool/8" + last;
}

std::uint64_t slots_of(std::string_view row) {
  const std::string_view behind_workload = row.substr(row.find('/') + 1);
  return std::stoull(std::string(behind_workload.substr(behind_workload.find('/') + 1)));
}

std::vector<bench::Target> targets_of(std::string_view row) {
  if (row == reference_of(row) || slots_of(row) > (1 << 20)) return {};
  return {{std::string(row), reference_of(row), bench::Bound::at_most, 1.5}};
}

}  // namespace
}  // namespace scale_bench

int main(int argc, char** argv) {
  using namespace scale_bench;
  const bench::Placement placement(bench::Placement::Cores::first);
  return bench::run({.defaults = {"--benchmark_repetitions=3"},
                     .register_all = register_all,
                     .comparison = {[](std::string_view) { return true; }, reference_of, targets_of,
                                    "ratio: to the smallest pool\n"}},
                    argc, argv);
}
