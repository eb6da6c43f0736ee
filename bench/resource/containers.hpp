// Real containers, the same ones with each system's allocator. Elements are `bytes` long and, as the
// blocks of the other workloads, written only in their first 8 bytes. Each function is one batch and
// leaves nothing behind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <boost/container/vector.hpp>

#include "memories.hpp"
#include "placement.hpp"
#include "scripts.hpp"

namespace resource_bench {

template <std::size_t bytes>
class Element {
 public:
  // Not value-initialised on purpose: the rest of the bytes would be what is measured.
  explicit Element(std::uint64_t value) { std::memcpy(bytes_, &value, sizeof value); }

 private:
  std::byte bytes_[bytes];
};

template <template <class, class> class Vector>
struct AnyVectorGrowth {
  static constexpr std::size_t vectors = 20;
  static constexpr std::size_t operations = vectors;  // timed for one vector

  /// From empty to 16 elements.
  template <std::size_t bytes, class Memory>
  static void run(Memory memory, std::span<const Step>) {
    const auto allocator = memory.template allocator<Element<bytes>>();
    for (std::size_t i = 0; i < vectors; ++i) {
      Vector<Element<bytes>, std::decay_t<decltype(allocator)>> grows(allocator);
      for (std::uint64_t value = 0; value < 16; ++value) grows.emplace_back(value);
      benchmark::DoNotOptimize(grows.data());
    }
  }
};

template <class T, class Allocator>
using BoostVector = boost::container::vector<T, Allocator>;

struct VectorGrowth : AnyVectorGrowth<std::vector> {
  static constexpr const char* name = "vector_growth";
};

/// Grows in place where the allocator can.
struct BoostVectorGrowth : AnyVectorGrowth<BoostVector> {
  static constexpr const char* name = "boost_vector_growth";
};

struct StringChurn {
  static constexpr const char* name = "string_churn";
  static constexpr std::size_t operations = steps;

  /// Lengths are those of the script: one function for all of them.
  template <std::size_t bytes, class Memory>
  static void run(Memory memory, std::span<const Step> script) {
    churn(memory, script);
  }

 private:
  /// 100 strings live; a random one ends and another begins in its place.
  template <class Memory>
  [[gnu::noinline]] static void churn(Memory memory, std::span<const Step> script) {
    const auto allocator = memory.template allocator<char>();
    using String =
        std::basic_string<char, std::char_traits<char>, std::decay_t<decltype(allocator)>>;
    std::vector<String> live(100, String(allocator));
    for (const Step& step : script) {
      String& string = live[step.place % live.size()];
      std::destroy_at(&string);
      std::construct_at(&string, step.bytes, 'x', allocator);
      benchmark::ClobberMemory();
    }
  }
};

struct MapChurn {
  static constexpr const char* name = "map_churn";
  static constexpr std::size_t operations = steps;

  /// A random one of 256 keys comes or goes, so about half of them are there.
  template <std::size_t bytes, class Memory>
  static void run(Memory memory, std::span<const Step> script) {
    using Value = Element<bytes>;
    const auto allocator = memory.template allocator<std::pair<const std::uint32_t, Value>>();
    std::map<std::uint32_t, Value, std::less<>, std::decay_t<decltype(allocator)>> map(allocator);
    for (const Step& step : script) {
      const auto [entry, is_new] = map.try_emplace(step.place, step.bytes);
      if (!is_new) map.erase(entry);
      benchmark::ClobberMemory();
    }
  }
};

struct ListChurn {
  static constexpr const char* name = "list_churn";
  static constexpr std::size_t operations = steps;

  /// 100 elements live; a new one comes at one end and the oldest or the newest goes.
  template <std::size_t bytes, class Memory>
  static void run(Memory memory, std::span<const Step> script) {
    using Value = Element<bytes>;
    const auto allocator = memory.template allocator<Value>();
    std::list<Value, std::decay_t<decltype(allocator)>> list(allocator);
    for (std::size_t i = 0; i < 100; ++i) list.emplace_back(i);
    for (const Step& step : script) {
      list.emplace_back(step.bytes);
      list.erase(step.place % 2 == 0 ? list.begin() : std::prev(list.end(), 2));
      benchmark::ClobberMemory();
    }
  }
};

template <class Workload, std::size_t bytes, class Memory>
[[gnu::noinline]] void use_containers(Memory memory, std::span<const Step> script) {
  Workload::template run<bytes>(memory, script);
}

template <class System>
using MemoryOf = decltype(std::declval<System&>().memory());

/// One of use_containers().
template <class Memory>
using ContainerUse = void (*)(Memory memory, std::span<const Step> script);

/// Compiled once for a system, whatever it is used for.
template <class System>
[[gnu::noinline]] void measure_containers(benchmark::State& state, std::size_t bytes,
                                          std::size_t operations,
                                          ContainerUse<MemoryOf<System>> use) {
  const std::vector<Step> script = random_steps(1, 256, bytes);
  System system(bytes);
  const bench::Placement placement(bench::Placement::Cores::first);
  use(system.memory(), script);
  while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(operations))) {
    use(system.memory(), script);
  }
}

}  // namespace resource_bench
