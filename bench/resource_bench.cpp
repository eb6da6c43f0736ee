// Memory resources, allocators and heaps at the same work.

#include <concepts>
#include <cstddef>
#include <utility>

#include <benchmark/benchmark.h>

#include "program.hpp"
#include "resource/blocks.hpp"
#include "resource/containers.hpp"
#include "resource/every_system.hpp"
#include "resource/false_sharing.hpp"
#include "resource/idle_thread.hpp"
#include "resource/latency.hpp"
#include "resource/remote.hpp"
#include "resource/rows.hpp"
#include "resource/targets.hpp"
#include "resource/used_up.hpp"
#include "resource/virtual_calls.hpp"

namespace resource_bench {
namespace {

void register_pairs(std::size_t bytes) {
  register_row("pair", VirtualCalls::name, bytes, measure_pair<VirtualCalls>);
  register_row("pair", UsedUp::name, bytes, measure_pair<UsedUp>);
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

void register_threads(std::size_t bytes) {
  for (const std::size_t threads : all_threads) {
    for_each_system([bytes, threads]<class System>() {
      if constexpr (System::thread_safe) register_team<System>(bytes, threads);
    });
  }
}

void register_latency(std::size_t bytes) {
  for_each_system([bytes]<class System>() {
    if constexpr (System::thread_safe) {
      register_row("latency", System::name, bytes, measure_latency<System>)->UseRealTime();
    }
  });
}

void register_false_sharing() {
  constexpr std::size_t bytes = 8;
  register_row("scratch", OwnLines::name, bytes, measure_scratch<OwnLines>)->UseRealTime();
  for_each_system([]<class System>() {
    if constexpr (System::thread_safe) {
      register_row("scratch", System::name, bytes, measure_scratch<System>)->UseRealTime();
    }
  });
  for_each_system([]<class System>() {
    if constexpr (System::thread_safe) {
      register_row("thrash", System::name, bytes, measure_thrash<System>)->UseRealTime();
    }
  });
}

template <class Workload, std::size_t bytes>
void register_containers_of() {
  for_each_system([]<class System>() {
    if constexpr (!System::one_size) {
      register_row(Workload::name, System::name, bytes, [](benchmark::State& state, std::size_t) {
        measure_containers<System>(state, bytes, Workload::operations,
                                   use_containers<Workload, bytes, MemoryOf<System>>);
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
  for (const std::size_t bytes : {64U, 1024U, 16384U}) register_latency(bytes);
  register_false_sharing();
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
