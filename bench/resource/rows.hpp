// What the programs of resource benchmarks register: rows `<workload>/<system>/<bytes>`, for `threads`
// with the number of threads at the end.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include <benchmark/benchmark.h>

#include "blocks.hpp"
#include "program.hpp"

namespace resource_bench {

inline constexpr std::array<std::size_t, 7> all_bytes = {16, 64, 256, 1024, 4096, 16384, 65536};
inline constexpr std::array<std::size_t, 4> all_threads = {1, 2, 4, 8};

using Measure = void (*)(benchmark::State& state, std::size_t bytes);

inline benchmark::internal::Benchmark* register_row(const char* workload, const char* system,
                                                    std::size_t bytes, Measure measure) {
  const std::string name = std::string(workload) + "/" + system + "/" + std::to_string(bytes);
  return bench::register_row(name,
                             [measure, bytes](benchmark::State& state) { measure(state, bytes); });
}

template <class System>
void register_team(std::size_t bytes, std::size_t threads) {
  const std::string name = std::string("threads/") + System::name + "/" + std::to_string(bytes) +
                           "/threads:" + std::to_string(threads);
  bench::register_row(name, [bytes, threads](benchmark::State& state) {
    measure_threads<System>(state, bytes, threads);
  })->UseRealTime();
}

}  // namespace resource_bench
