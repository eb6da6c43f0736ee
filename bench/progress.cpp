#include "progress.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdio>

namespace seed_bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Progress {
  bool terminal = isatty(STDERR_FILENO) == 1;
  Clock::time_point start = Clock::now();
  Clock::time_point next_line = start;
  int measurements = 0;
};

Progress& progress() {
  static Progress state;
  return state;
}

}  // namespace

void show_progress(std::string_view benchmark_name) {
  Progress& state = progress();
  ++state.measurements;
  const Clock::time_point now = Clock::now();
  if (!state.terminal && now < state.next_line) return;
  state.next_line = now + std::chrono::seconds(10);
  const long elapsed_s = static_cast<long>(
      std::chrono::duration_cast<std::chrono::seconds>(now - state.start).count());
  std::fprintf(stderr, "%s%4ld s  measurement %4d  %.*s%s", state.terminal ? "\r\033[K" : "",
               elapsed_s, state.measurements, static_cast<int>(benchmark_name.size()),
               benchmark_name.data(), state.terminal ? "" : "\n");
}

void end_progress() {
  if (progress().terminal) std::fputs("\r\033[K", stderr);
}

}  // namespace seed_bench
