// A benchmark program: its rows, its defaults, its table. Every flag of Google Benchmark works;
// repetitions are interleaved at random, which makes the ratios comparable within one run.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "comparison.hpp"
#include "progress.hpp"

namespace bench {

struct Program {
  std::vector<std::string> defaults;  // flags; the command line overrides them
  void (*register_all)();
  Comparison comparison;
};

/// main(): registers, runs what the filter selects, prints the table. 1 if a row failed.
[[nodiscard]] int run(Program program, int argc, char** argv);

/// Registers `measure`, a function of benchmark::State&, as a row of the table.
template <class Measure>
benchmark::internal::Benchmark* register_row(const std::string& name, Measure measure) {
  expect_row(name);
  return benchmark::RegisterBenchmark(name.c_str(), [name, measure](benchmark::State& state) {
    if (state.thread_index() == 0) show_progress(name, state.max_iterations);
    measure(state);
  });
}

}  // namespace bench
