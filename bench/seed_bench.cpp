// The benchmark of the library's model, buffer_sv2, written afresh: four systems, the same messages
// for each.

#include <algorithm>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/system_buffer.hpp"
#include "program.hpp"
#include "scale.hpp"
#include "systems/max_efficiency.hpp"
#include "systems/ppool.hpp"
#include "targets.hpp"
#include "workloads.hpp"

namespace seed_bench {
namespace {

using bufferpool::BufferPool;
using bufferpool::SystemBuffer;

constexpr std::size_t capacity_bytes = 5 * (std::size_t{1} << 16);

template <MessageMemory Memory>
Memory make_memory() {
  if constexpr (std::same_as<Memory, SystemBuffer>) {
    return SystemBuffer();
  } else {
    return Memory(capacity_bytes);
  }
}

template <class Slice>
bool holds_message(const Slice& slice, std::span<const std::byte> input,
                   std::size_t message_bytes) {
  const std::size_t pieces = message_bytes / piece_bytes;
  if (slice.size() != pieces * piece_bytes) return false;
  for (std::size_t i = 0; i < pieces; ++i) {
    if (!std::ranges::equal(input.subspan(i, piece_bytes),
                            std::span(slice.data() + i * piece_bytes, piece_bytes))) {
      return false;
    }
  }
  return true;
}

/// Two live slices must hold what was appended. A system that fails this has no business in the
/// table.
template <MessageMemory Memory>
bool messages_survive(const MessageScript& script) {
  Memory memory = make_memory<Memory>();
  for (std::size_t round = 0; round < rounds / 10; ++round) {
    append_message(memory, script.input_of(round), script.message_bytes[round]);
    const auto first = memory.freeze();
    append_message(memory, script.input_of(round + 1), script.message_bytes[round + 1]);
    const auto second = memory.freeze();
    if (!holds_message(first, script.input_of(round), script.message_bytes[round])) return false;
    if (!holds_message(second, script.input_of(round + 1), script.message_bytes[round + 1])) {
      return false;
    }
  }
  return true;
}

/// One iteration is what the original timed: create the memory, 1,000 rounds, until all is dropped.
template <MessageMemory Memory, class Workload>
void measure(benchmark::State& state) {
  const MessageScript& script = message_script();
  if constexpr (keeps_bytes<Memory>) {
    if (!messages_survive<Memory>(script)) return state.SkipWithError("a slice lost its bytes");
  }
  Workload workload;
  for (auto _ : state) {
    Memory memory = make_memory<Memory>();
    workload.run(memory, script);
  }
}

template <MessageMemory Memory, template <MessageMemory> class Workload>
void register_one(const std::string& name) {
  bench::register_row(name, measure<Memory, Workload<Memory>>)->Unit(benchmark::kMillisecond);
}

template <template <MessageMemory> class Workload>
void register_workload(const std::string& workload) {
  register_one<BufferPool, Workload>(workload + "/BufferPool");
  register_one<SystemBuffer, Workload>(workload + "/SystemBuffer");
  register_one<PPool, Workload>(workload + "/PPool");
  register_one<MaxEfficiency, Workload>(workload + "/MaxEfficiency");
}

void register_all() {
  register_workload<Single>("single");
  register_one<BufferPool, SingleAppender>("single_appender/BufferPool");
  register_workload<Multi>("multi");
  register_workload<MultiWait>("multi_wait");
  register_workload<Handoff>("handoff");
  register_scale_benchmarks();
}

}  // namespace
}  // namespace seed_bench

int main(int argc, char** argv) {
  return bench::run({.defaults = {"--benchmark_repetitions=20", "--benchmark_min_time=0.05"},
                     .register_all = seed_bench::register_all,
                     .comparison = seed_bench::comparison()},
                    argc, argv);
}
