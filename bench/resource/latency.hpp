// How long a single call takes, and how long the worst do. It models a server whose threads keep some
// blocks each and replace them: the tail is what some request waits for. A cheat would be to have the
// work done where no clock runs, by a thread of the allocator's own or at the first write: the first
// write is timed with its allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "blocks.hpp"
#include "histogram.hpp"
#include "scripts.hpp"
#include "team.hpp"
#include "tick_clock.hpp"

namespace resource_bench {

/// The calls of one thread; later, of all.
class Latencies {
 public:
  void record(std::uint64_t begin_ticks, std::uint64_t end_ticks) noexcept {
    // A thread that changes cores between the two may read the earlier time last.
    const double ticks = end_ticks < begin_ticks ? 0 : static_cast<double>(end_ticks - begin_ticks);
    histogram_.record(static_cast<std::uint64_t>(ticks * parts_of_tick_));
  }
  Latencies& operator+=(const Latencies& other) {
    histogram_ += other.histogram_;
    return *this;
  }

  [[nodiscard]] double quantile_ns(double fraction) const {
    return static_cast<double>(histogram_.quantile(fraction)) / parts_of_ns;
  }
  [[nodiscard]] double share_up_to(std::uint64_t ns) const {
    return static_cast<double>(histogram_.count_up_to(ns * parts_of_ns)) /
           static_cast<double>(histogram_.count());
  }

 private:
  static constexpr std::uint64_t parts_of_ns = 16;  // a power of two, as the edges of the shares

  double parts_of_tick_ = bench::ns_of_tick() * parts_of_ns;
  bench::Histogram histogram_;
};

inline constexpr std::size_t latency_threads = 4;
inline constexpr std::size_t latency_rounds = 100;
/// Of one thread in one batch, so that p99.99 stands on 80 calls of the four.
inline constexpr std::size_t timed_calls = latency_rounds * steps * 2;

/// Leaves nothing behind.
template <class Memory>
[[gnu::noinline]] void replace_timed(Memory memory, std::span<const Step> script,
                                     Latencies& latencies) {
  std::vector<Block> live(live_blocks);
  for (std::size_t i = 0; i < live.size(); ++i) live[i] = new_block(memory, script[i].bytes);
  for (std::size_t round = 0; round < latency_rounds; ++round) {
    for (const Step& step : script) {
      Block& block = live[step.place];
      const std::uint64_t begin = bench::read_ticks();
      memory.deallocate(block.address, block.bytes);
      const std::uint64_t between = bench::read_ticks();
      block = new_block(memory, step.bytes);
      const std::uint64_t end = bench::read_ticks();
      latencies.record(begin, between);
      latencies.record(between, end);
    }
  }
  for (const Block& block : live) memory.deallocate(block.address, block.bytes);
}

/// Each share is that of the calls that took longer than the edge before it; the first one's from 0.
inline void report(benchmark::State& state, const Latencies& latencies) {
  state.counters["clock_ns"] = bench::clock_ns();
  state.counters["p50_ns"] = latencies.quantile_ns(0.5);
  state.counters["p90_ns"] = latencies.quantile_ns(0.9);
  state.counters["p99_ns"] = latencies.quantile_ns(0.99);
  state.counters["p999_ns"] = latencies.quantile_ns(0.999);
  state.counters["p9999_ns"] = latencies.quantile_ns(0.9999);
  double before = 0;
  for (std::uint64_t edge_ns = 8; edge_ns <= std::uint64_t{1} << 20; edge_ns *= 2) {
    const double up_to = latencies.share_up_to(edge_ns);
    state.counters["share_up_to_" + std::to_string(edge_ns)] = up_to - before;
    before = up_to;
  }
  state.counters["share_beyond"] = 1 - before;
}

/// Every thread on its own, in one shared system. The row's time is of one call of all threads
/// together, with the clock's and the histogram's.
template <class System>
void measure_latency(benchmark::State& state, std::size_t bytes) {
  System system(bytes);
  const std::vector<std::vector<Step>> scripts =
      scripts_of_threads(latency_threads, live_blocks, bytes);
  std::vector<Latencies> latencies(latency_threads);
  Team team(latency_threads, [&](std::size_t number) {
    replace_timed(system.memory(), scripts[number], latencies[number]);
  });
  team.work_once();
  latencies.assign(latency_threads, {});
  while (state.KeepRunningBatch(latency_threads * timed_calls)) team.work_once();
  Latencies all;
  for (const Latencies& of_thread : latencies) all += of_thread;
  report(state, all);
}

}  // namespace resource_bench
