#include "progress.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <regex>

#include <benchmark/benchmark.h>

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Progress {
  bool terminal = isatty(STDERR_FILENO) == 1;
  Clock::time_point start = Clock::now();
  Clock::time_point next_line = start;
  int rows = 0;
  int repetitions = 1;
  int begun = 0;                                   // repetitions of all rows
  std::map<std::string, std::int64_t> iterations;  // of each row's last measurement
};

Progress& progress() {
  static Progress state;
  return state;
}

bool selected(const std::string& name) {
  std::string filter = benchmark::GetBenchmarkFilter();
  if (filter.empty() || filter == "all") return true;
  const bool inverted = filter.front() == '-';
  if (inverted) filter.erase(0, 1);
  return std::regex_search(name, std::regex(filter)) != inverted;
}

/// Empty before there is anything to reckon from.
std::string time_left(const Progress& state, double elapsed_s) {
  const int total = state.rows * state.repetitions;
  const int done = state.begun - 1;
  if (done < total / 50 || done < 1 || done > total) return "";
  const double left_s = elapsed_s * (total - done) / done;
  return ", about " + std::to_string(static_cast<long>(left_s) + 1) + " s left";
}

}  // namespace

void expect_row(const std::string& name) { progress().rows += selected(name) ? 1 : 0; }

void expect_repetitions(int repetitions) { progress().repetitions = repetitions; }

void show_progress(const std::string& row, std::int64_t iterations) {
  Progress& state = progress();
  const auto [entry, first] = state.iterations.try_emplace(row, iterations);
  if (first || entry->second == iterations) ++state.begun;
  entry->second = iterations;
  const Clock::time_point now = Clock::now();
  if (!state.terminal && now < state.next_line) return;
  state.next_line = now + std::chrono::seconds(10);
  const double elapsed_s = std::chrono::duration<double>(now - state.start).count();
  std::fprintf(stderr, "%s%4.0f s%s  measurement %d of %d  %s%s", state.terminal ? "\r\033[K" : "",
               elapsed_s, time_left(state, elapsed_s).c_str(), state.begun,
               state.rows * state.repetitions, row.c_str(), state.terminal ? "" : "\n");
}

void end_progress() {
  if (progress().terminal) std::fputs("\r\033[K", stderr);
}

}  // namespace bench
