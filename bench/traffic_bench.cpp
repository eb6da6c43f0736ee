// What a proxy's memory goes through, without the sockets: rows are `proxy/<system>`,
// `idle/<system>/<connections>` and `fragmentation/<system>/<bytes of a slot or region>`. The counters
// of a row are the result; those of resident memory need a process for each row, as bench/run.sh does.

#include <string>

#include <benchmark/benchmark.h>

#include "program.hpp"
#include "traffic/block_connections.hpp"
#include "traffic/buffer_connections.hpp"
#include "traffic/fragmentation.hpp"
#include "traffic/idle.hpp"
#include "traffic/proxy.hpp"

namespace traffic_bench {
namespace {

template <class System>
void register_proxy() {
  bench::register_row(std::string("proxy/") + System::name, measure_proxy<System>)
      ->Iterations(1)
      ->UseManualTime();
}

template <class System>
void register_idle() {
  for (const std::size_t connections : {10U, 1000U, 100'000U}) {
    bench::register_row(
        std::string("idle/") + System::name + "/" + std::to_string(connections),
        [connections](benchmark::State& state) { measure_idle<System>(state, connections); })
        ->Iterations(1);
  }
}

template <class System>
void register_fragmentation(std::size_t bytes) {
  bench::register_row(
      std::string("fragmentation/") + System::name + "/" + std::to_string(bytes),
      [bytes](benchmark::State& state) { measure_fragmentation<System>(state, bytes); })
      ->Iterations(1);
}

void register_all() {
  register_proxy<BufferPoolSystem>();
  register_proxy<UsualSlotsSystem>();
  register_proxy<PoolResourceSystem>();
  register_proxy<SystemBufferSystem>();
  register_proxy<HeapSystem>();
  register_idle<BufferPoolSystem>();
  register_idle<SystemBufferSystem>();
  register_idle<OwnRegionSystem>();
  for (const std::size_t slot_bytes : {4096U, 16384U, 65536U}) {
    register_fragmentation<PooledBuffers<false>>(slot_bytes);
    register_fragmentation<PooledBuffers<true>>(slot_bytes);
  }
  register_fragmentation<OriginalRule>(5 << 16);
}

std::string reference_of(std::string_view row) {
  return row.starts_with("proxy/") ? "proxy/BufferPool" : "";
}

bench::Comparison comparison() {
  return {[](std::string_view) { return false; }, reference_of,
          [](std::string_view) { return std::vector<bench::Target>(); },
          "time: of a message, by the clock, for proxy; of no meaning elsewhere\n"
          "ratio: to BufferPool\n"};
}

}  // namespace
}  // namespace traffic_bench

int main(int argc, char** argv) {
  return bench::run({.defaults = {},
                     .register_all = traffic_bench::register_all,
                     .comparison = traffic_bench::comparison()},
                    argc, argv);
}
