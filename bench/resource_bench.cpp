// Memory resources, allocators and heaps at the same work. Rows are
// `<workload>/<system>/<bytes>`, for `threads` with the number of threads at the end.

#include <array>
#include <concepts>
#include <string>
#include <utility>

#include <benchmark/benchmark.h>

#include "program.hpp"
#include "resource/blocks.hpp"
#include "resource/containers.hpp"
#include "resource/idle_thread.hpp"
#include "resource/remote.hpp"
#include "resource/systems.hpp"
#include "resource/targets.hpp"

namespace resource_bench {
namespace {

constexpr std::array<std::size_t, 7> all_bytes = {16, 64, 256, 1024, 4096, 16384, 65536};

template <class Measure>
auto* register_row(const char* workload, const char* system, std::size_t bytes, Measure measure) {
  const std::string name = std::string(workload) + "/" + system + "/" + std::to_string(bytes);
  return bench::register_row(name,
                             [measure, bytes](benchmark::State& state) { measure(state, bytes); });
}

void register_pairs(std::size_t bytes) {
  for_each_system(
      [bytes]<class System>() { register_row("pair", System::name, bytes, measure_pair<System>); });
}

void register_bursts(std::size_t bytes) {
  for_each_system([bytes]<class System>() {
    register_row("burst", System::name, bytes, measure_burst<System>);
  });
}

void register_remote(std::size_t bytes) {
  const auto register_system = [bytes]<class System>() {
    if constexpr (System::thread_safe) {
      auto* row = register_row("remote", System::name, bytes, measure_remote<System>);
      row->UseRealTime();
      // One batch, without a search for the number that fills the time.
      if constexpr (std::same_as<System, StdSynchronized>) row->Iterations(1);
    }
  };
  register_system.operator()<QueueAlone>();
  for_each_system(register_system);
}

template <class System>
void register_team(std::size_t bytes, std::size_t threads) {
  const std::string name = std::string("threads/") + System::name + "/" + std::to_string(bytes) +
                           "/threads:" + std::to_string(threads);
  bench::register_row(name, [bytes, threads](benchmark::State& state) {
    measure_threads<System>(state, bytes, threads);
  })->UseRealTime();
}

void register_threads(std::size_t bytes) {
  for (const std::size_t threads : {1U, 2U, 4U, 8U}) {
    for_each_system([bytes, threads]<class System>() {
      if constexpr (System::thread_safe) register_team<System>(bytes, threads);
    });
  }
}

template <class Workload, std::size_t bytes>
void register_containers_of() {
  for_each_system([]<class System>() {
    if constexpr (!System::one_size) {
      register_row(Workload::name, System::name, bytes, [](benchmark::State& state, std::size_t) {
        measure_containers<Workload, bytes, System>(state);
      });
    }
  });
}

template <class Workload>
void register_containers() {
  []<std::size_t... index>(std::index_sequence<index...>) {
    (register_containers_of<Workload, all_bytes[index]>(), ...);
  }
  (std::make_index_sequence<all_bytes.size()>());
}

void register_all() {
  for (const auto& register_workload :
       {register_pairs, register_bursts, register_remote, register_threads}) {
    for (const std::size_t bytes : all_bytes) register_workload(bytes);
  }
  register_containers<VectorGrowth>();
  register_containers<BoostVectorGrowth>();
  register_containers<StringChurn>();
  register_containers<MapChurn>();
  register_containers<ListChurn>();
}

}  // namespace
}  // namespace resource_bench

int main(int argc, char** argv) {
  const resource_bench::IdleThread a_process_with_threads;
  return bench::run({.defaults = {"--benchmark_repetitions=15", "--benchmark_min_time=0.02"},
                     .register_all = resource_bench::register_all,
                     .comparison = resource_bench::comparison()},
                    argc, argv);
}
