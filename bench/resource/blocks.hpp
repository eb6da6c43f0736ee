// The workloads that ask for bare blocks, on one thread or several. Not inlined where the system is
// made, so that no virtual call is resolved at compile time.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <benchmark/benchmark.h>

#include "memories.hpp"
#include "placement.hpp"
#include "scripts.hpp"
#include "team.hpp"

namespace resource_bench {

template <class Memory>
[[gnu::noinline]] void allocate_pairs(benchmark::State& state, Memory memory, std::size_t bytes) {
  for (auto _ : state) {
    void* const block = memory.allocate(bytes);
    touch(block);
    memory.deallocate(block, bytes);
    // Or an inlined allocator would be seen to return the block that it just took back.
    benchmark::ClobberMemory();
  }
}

template <class System>
void measure_pair(benchmark::State& state, std::size_t bytes) {
  System system(bytes);
  const bench::Placement placement(bench::Placement::Cores::first);
  allocate_pairs(state, system.memory(), bytes);
}

template <class Memory>
[[gnu::noinline]] void allocate_burst(Memory memory, std::size_t bytes,
                                      std::span<const std::uint32_t> order,
                                      std::span<void*> blocks) {
  for (void*& block : blocks) {
    block = memory.allocate(bytes);
    touch(block);
  }
  for (const std::uint32_t place : order) memory.deallocate(blocks[place], bytes);
}

/// Timed for one block.
template <class System>
void measure_burst(benchmark::State& state, std::size_t bytes) {
  constexpr std::uint32_t burst_blocks = 1000;
  static const std::vector<std::uint32_t> order = shuffled(burst_blocks);
  std::vector<void*> blocks(burst_blocks);
  System system(bytes);
  const bench::Placement placement(bench::Placement::Cores::first);
  allocate_burst(system.memory(), bytes, order, blocks);
  while (state.KeepRunningBatch(burst_blocks)) {
    allocate_burst(system.memory(), bytes, order, blocks);
  }
}

inline constexpr std::uint32_t live_blocks = 100;

struct Block {
  void* address;
  std::size_t bytes;
};

template <class Memory>
[[nodiscard]] Block new_block(Memory& memory, std::size_t bytes) {
  const Block block = {memory.allocate(bytes), bytes};
  touch(block.address);
  return block;
}

/// Leaves nothing behind.
template <class Memory>
[[gnu::noinline]] void replace_blocks(Memory memory, std::span<const Step> script,
                                      std::span<Block> live) {
  for (std::size_t i = 0; i < live.size(); ++i) live[i] = new_block(memory, script[i].bytes);
  for (const Step& step : script) {
    Block& block = live[step.place];
    memory.deallocate(block.address, block.bytes);
    block = new_block(memory, step.bytes);
  }
  for (const Block& block : live) memory.deallocate(block.address, block.bytes);
}

/// Every thread on its own, in one shared system. Timed for one block, of all threads together.
template <class System>
void measure_threads(benchmark::State& state, std::size_t bytes, std::size_t threads) {
  constexpr int rounds = 50;  // enough that waking the threads does not show
  System system(bytes);
  const std::vector<std::vector<Step>> scripts = scripts_of_threads(threads, live_blocks, bytes);
  Team team(threads, [&](std::size_t number) {
    std::vector<Block> live(live_blocks);
    for (int round = 0; round < rounds; ++round) {
      replace_blocks(system.memory(), scripts[number], live);
    }
  });
  team.work_once();
  const std::size_t blocks = threads * rounds * (steps + live_blocks);
  while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(blocks))) team.work_once();
}

}  // namespace resource_bench
