// Whether small blocks of two threads come to lie in one cache line, which their writes then fight
// for. After cache-scratch and cache-thrash, published with Hoard. A cheat would be to give every
// small block a line of its own, or none of those that a thread has freed: nothing to fight for, and
// most of the memory wasted.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

#include <benchmark/benchmark.h>

#include "placement.hpp"
#include "team.hpp"

namespace resource_bench {

inline constexpr std::size_t writers = 2;
inline constexpr int block_writes = 1000;
inline constexpr int written_blocks = 2000;  // enough that waking the threads does not show
inline constexpr int writes = block_writes * written_blocks;  // of one thread

/// Each on a core of its own, where there are two.
inline bench::Placement place_writer(std::size_t number) {
  using Cores = bench::Placement::Cores;
  return bench::Placement(number == 0 ? Cores::first : Cores::all_but_first);
}

/// Reads as well: mere writes wait in the store buffer and hide what they cost. Not inlined, so that it
/// is the same machine code for all.
[[gnu::noinline]] inline void write_many_times(void* block) {
  volatile std::uint64_t* const word = new (block) std::uint64_t(0);
  for (int write = 0; write < block_writes; ++write) *word = *word + 1;
}

template <class Memory>
[[gnu::noinline]] void write_own_blocks(Memory memory, std::size_t bytes) {
  for (int i = 0; i < written_blocks; ++i) {
    void* const block = memory.allocate(bytes);
    write_many_times(block);
    memory.deallocate(block, bytes);
  }
}

/// Active false sharing: two threads allocate at the same time, and the system itself cuts one line
/// into blocks for both. Timed for one write, while the other thread writes as well.
template <class System>
void measure_thrash(benchmark::State& state, std::size_t bytes) {
  System system(bytes);
  Team team(writers, [&](std::size_t number) {
    const bench::Placement placement = place_writer(number);
    write_own_blocks(system.memory(), bytes);
  });
  team.work_once();
  while (state.KeepRunningBatch(writes)) team.work_once();
}

/// Passive false sharing: one thread allocates for both, as a server's acceptor does for its workers;
/// each frees what it was handed, and the system may then let it have its half of that line again.
/// Timed for one write, while the other thread writes as well.
template <class System>
void measure_scratch(benchmark::State& state, std::size_t bytes) {
  System system(bytes);
  auto memory = system.memory();
  std::array<void*, writers> handed_over = {};
  Team team(writers, [&](std::size_t number) {
    const bench::Placement placement = place_writer(number);
    system.memory().deallocate(handed_over[number], bytes);
    write_own_blocks(system.memory(), bytes);
  });
  const auto hand_over_and_write = [&] {
    for (void*& block : handed_over) block = memory.allocate(bytes);
    team.work_once();
  };
  hand_over_and_write();
  while (state.KeepRunningBatch(writes)) hand_over_and_write();
}

/// The lower bound: no memory management, and no line in common. Each handle has a line; of those in
/// use at a time, no two have the same. Not thread_local: on a Zen 5 such a line was found to be 8
/// times as slow, in a program of one thread as well.
class OwnLines {
 public:
  class Memory {
   public:
    explicit Memory(void* line) : line_(line) {}
    [[nodiscard]] void* allocate(std::size_t) { return line_; }
    void deallocate(void*, std::size_t) {}

   private:
    void* line_;
  };

  static constexpr const char* name = "own_lines";
  explicit OwnLines(std::size_t) {}
  [[nodiscard]] Memory memory() { return Memory(&lines_[next_++ % lines_.size()]); }

 private:
  struct alignas(128) Line {  // two, as they may be fetched in pairs
    std::uint64_t word;
  };

  std::vector<Line> lines_ = std::vector<Line>(16);
  std::atomic<std::size_t> next_ = 0;
};

}  // namespace resource_bench
