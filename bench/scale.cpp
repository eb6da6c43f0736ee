#include "scale.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory_resource>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "append.hpp"
#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/slot_pool.hpp"
#include "placement.hpp"
#include "program.hpp"

namespace seed_bench {
namespace {

using bufferpool::BufferPool;
using bufferpool::Slice;
using bufferpool::SlotPool;

constexpr std::array<std::uint64_t, 6> slot_counts = {8, 64, 512, 4096, 1 << 15, 1 << 20};

SlotPool make_pool(std::size_t slot_bytes, std::uint64_t slots) {
  return SlotPool(
      {.slot_bytes = slot_bytes, .slots = slots, .upstream = std::pmr::null_memory_resource()});
}

/// A pool of which every second slot is taken, on average: a random half of them, so that free bits
/// are scattered.
class HalfTakenPool {
 public:
  explicit HalfTakenPool(std::uint64_t slots) : pool_(make_pool(256, slots)) {
    for (std::uint64_t i = 0; i < slots; ++i) taken_.push_back(pool_.allocate());
    std::ranges::shuffle(taken_, std::mt19937_64(slots));
    for (std::uint64_t i = 0; i < slots / 2; ++i) {
      pool_.deallocate(taken_.back());
      taken_.pop_back();
    }
  }
  HalfTakenPool(const HalfTakenPool&) = delete;
  HalfTakenPool& operator=(const HalfTakenPool&) = delete;
  ~HalfTakenPool() {
    for (void* slot : taken_) pool_.deallocate(slot);
  }

  [[nodiscard]] SlotPool& pool() { return pool_; }

 private:
  SlotPool pool_;
  std::vector<void*> taken_;
};

/// Takes a slot and gives it back.
void allocate_pairs(benchmark::State& state, std::uint64_t slots) {
  HalfTakenPool half_taken(slots);
  SlotPool& pool = half_taken.pool();
  for (auto _ : state) {
    void* const slot = pool.allocate();
    benchmark::DoNotOptimize(slot);
    pool.deallocate(slot);
  }
}

/// Takes many slots, up to 1,000, before it gives the first one back: no cache of free slots hides
/// the search. Timed for one slot taken and given back.
void allocate_bursts(benchmark::State& state, std::uint64_t slots) {
  HalfTakenPool half_taken(slots);
  SlotPool& pool = half_taken.pool();
  std::vector<void*> burst(std::min<std::uint64_t>(slots / 2, 1000));
  while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(burst.size()))) {
    for (void*& slot : burst) slot = pool.allocate();
    benchmark::ClobberMemory();
    for (void* slot : burst) pool.deallocate(slot);
  }
}

/// One message of 1,000 bytes, filled and frozen, while the eight before it are alive, so that
/// chunks come and go.
void fill_and_freeze(benchmark::State& state, std::uint64_t slots) {
  constexpr std::size_t message_bytes = 1000;
  const std::span<const std::byte> input = message_script().input_of(0);
  BufferPool buffers(make_pool(4096, slots));
  std::array<Slice, 8> alive;
  std::size_t oldest = 0;
  for (auto _ : state) {
    append_message(buffers, input, message_bytes);
    alive[oldest] = buffers.freeze();
    oldest = (oldest + 1) % alive.size();
  }
}

void register_one(const std::string& workload, void (*measure)(benchmark::State&, std::uint64_t)) {
  for (const std::uint64_t slots : slot_counts) {
    const std::string name = workload + "/" + std::to_string(slots);
    bench::register_row(name, [measure, slots](benchmark::State& state) {
      const bench::Placement placement(bench::Placement::Cores::first);
      measure(state, slots);
    });
  }
}

}  // namespace

void register_scale_benchmarks() {
  register_one("scale_allocate", allocate_pairs);
  register_one("scale_burst", allocate_bursts);
  register_one("scale_buffer", fill_and_freeze);
}

}  // namespace seed_bench
