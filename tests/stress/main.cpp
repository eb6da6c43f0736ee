// Stress by stamping: threads do everything that one pool can do, at random, at once; each writes its number over
// what it takes, and finds it unchanged when it gives it back.
//   stress [--threads 1..1000] [--operations N] [--seed N]
// Exits with 1 if a stamp was wrong, or if anything was not given back at the end.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>

#include "ground.hpp"
#include "options.hpp"
#include "run.hpp"

namespace bufferpool::stress {
namespace {

unsigned long long printable(std::uint64_t number) { return number; }

void print_head(const Ground& ground) {
  std::printf("seed %llu, %u threads, %llu slots of %zu bytes, upstream up to %zu bytes\n",
              printable(ground.options.seed), ground.options.threads, printable(ground.slots),
              Ground::kSlotBytes, ground.upstream.most_bytes());
  std::fflush(stdout);
}

void print_operations(const Tally& tally) {
  std::printf("%-18s %14s %14s\n", "operation", "done", "not possible");
  for (std::size_t i = 0; i < kOperations; ++i) {
    std::printf("%-18s %14llu %14llu\n", kOperationNames[i], printable(tally.done[i]),
                printable(tally.refused[i]));
  }
}

struct Figures {
  double seconds;
  std::uint64_t peak_slots;
};

void print_summary(const Ground& ground, const Tally& tally, const Figures& figures) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf(
      "%llu operations, %.1f s, %.2f million/s, peak resident %.1f MiB, peak slots %llu, "
      "served by upstream %llu, failures found %llu\n",
      printable(ground.options.operations), figures.seconds,
      static_cast<double>(ground.options.operations) / figures.seconds / 1e6,
      static_cast<double>(usage.ru_maxrss) / 1024, printable(figures.peak_slots),
      printable(ground.upstream.served()), printable(tally.failures));
}

bool stress(const Options& options) {
  using Clock = std::chrono::steady_clock;
  Ground ground(options);
  print_head(ground);
  const Clock::time_point start = Clock::now();
  Tally tally = run(ground);
  const std::chrono::duration<double> seconds = Clock::now() - start;
  const Figures figures{seconds.count(), ground.pool.stats().peak_slots};
  check_that_all_is_back(ground, tally);
  print_operations(tally);
  print_summary(ground, tally, figures);
  return tally.failures == 0;
}

}  // namespace
}  // namespace bufferpool::stress

int main(int count, char** arguments) {
  using namespace bufferpool::stress;
  const auto options = parse({arguments + 1, arguments + count});
  if (!options) return 2;
  return stress(*options) ? 0 : 1;
}
