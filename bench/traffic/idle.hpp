// `idle/<system>/<connections>`: what a connection costs that has had one message and waits for the
// next: `bytes_per_connection`, the growth of the process's resident memory. It models the many
// connections of a proxy that are silent. A cheat would be to count objects that were never used, or to
// leave out what a connection's own object takes, or the pool that all of them share.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include <benchmark/benchmark.h>

#include "buffer_connections.hpp"
#include "resident.hpp"
#include "wire.hpp"

namespace traffic_bench {

/// The design that the library leaves behind: 320 KiB of its own for every connection.
class OwnRegionSystem {
 public:
  static constexpr const char* name = "own_region";

  class Connection {
   public:
    template <class Send>
    void receive(Wire& wire, const Send&) {
      static_cast<void>(wire.read(std::span(region_.get(), region_bytes)));
    }

   private:
    static constexpr std::size_t region_bytes = 5 << 16;
    std::unique_ptr<std::byte[]> region_ =
        std::make_unique_for_overwrite<std::byte[]>(region_bytes);
  };

  [[nodiscard]] Connection connect() { return {}; }
};

/// The row's time says nothing: memory is what is measured.
template <class System>
void measure_idle(benchmark::State& state, std::size_t connections) {
  message_lengths(), payload_source();
  const std::size_t before_bytes = resident_bytes();
  System system;
  Wire wire(0);
  const auto drop = [](const auto& message) { benchmark::DoNotOptimize(message.data()); };
  const auto serve_one = [&](auto& connection) {
    do {
      wire.arrive(1);
      connection.receive(wire, drop);
    } while (wire.is_within_frame());
  };
  std::vector<typename System::Connection> idle;
  idle.reserve(connections);
  for (auto _ : state) {
    for (std::size_t i = 0; i < connections; ++i) {
      idle.push_back(system.connect());
      serve_one(idle.back());
    }
  }
  state.counters["bytes_per_connection"] =
      (static_cast<double>(resident_bytes()) - static_cast<double>(before_bytes)) /
      static_cast<double>(connections);
}

}  // namespace traffic_bench
