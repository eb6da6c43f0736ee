// DPDK's rte_mempool at the work of resource_bench. A program of its own, as DPDK takes over the
// process; PoolResource is measured in it again, so that the ratios are of one run.

#include <cstddef>
#include <cstdio>
#include <exception>
#include <optional>

#include <benchmark/benchmark.h>

#include "program.hpp"
#include "resource/blocks.hpp"
#include "resource/dpdk_system.hpp"
#include "resource/eal.hpp"
#include "resource/idle_thread.hpp"
#include "resource/remote.hpp"
#include "resource/rows.hpp"
#include "resource/systems.hpp"
#include "resource/targets.hpp"

namespace resource_bench {
namespace {

// Live blocks, and up to 768 in the stack of each thread.
using ForOneThread = DpdkMempool<2047>;
using ForRemote = DpdkMempool<4095>;
using ForThreads = DpdkMempool<8191>;

template <class System>
void register_alone(std::size_t bytes) {
  register_row("pair", System::name, bytes, measure_pair<System>);
  register_row("burst", System::name, bytes, measure_burst<System>);
}

template <class System>
void register_remote(std::size_t bytes) {
  register_row("remote", System::name, bytes, measure_remote<System>)->UseRealTime();
}

void register_all() {
  for (const std::size_t bytes : all_bytes) {
    register_alone<PoolResourceSystem>(bytes);
    register_alone<ForOneThread>(bytes);
    register_remote<PoolResourceSystem>(bytes);
    register_remote<ForRemote>(bytes);
    for (const std::size_t threads : all_threads) {
      register_team<PoolResourceSystem>(bytes, threads);
      register_team<ForThreads>(bytes, threads);
    }
  }
}

/// Says why if it does not start.
void start(std::optional<Eal>& eal) try { eal.emplace(); } catch (const std::exception& error) {
  std::fprintf(stderr, "dpdk_bench: DPDK does not start here: %s\n", error.what());
}

}  // namespace
}  // namespace resource_bench

int main(int argc, char** argv) {
  constexpr int skipped = 77;  // to meson
  std::optional<resource_bench::Eal> eal;
  resource_bench::start(eal);
  if (!eal) return skipped;
  const resource_bench::IdleThread a_process_with_threads;
  return bench::run({.defaults = {"--benchmark_repetitions=15", "--benchmark_min_time=0.02"},
                     .register_all = resource_bench::register_all,
                     .comparison = resource_bench::comparison()},
                    argc, argv);
}
