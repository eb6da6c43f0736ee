// `proxy/<system>`: the traffic of a thousand connections, without sockets. One thread, the I/O thread
// of a proxy, decodes what arrives and sends each message to another, which drops it later.
// A cheat would be to drop on the thread that fills, to drop in the order of filling, to know a
// message's length before its header came, or to keep one message an operation.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include "../placement.hpp"
#include "keeper.hpp"
#include "mix.hpp"
#include "resident.hpp"
#include "wire.hpp"

namespace traffic_bench {

inline constexpr std::size_t proxy_connections = 1000;
inline constexpr std::size_t proxy_events = 300'000;  // in which a connection becomes readable
inline constexpr std::size_t events_a_sample = 8;     // to read the clock takes its time

template <class System>
class Proxy {
 public:
  Proxy() : event_ns_(proxy_events / events_a_sample) {
    for (std::size_t i = 0; i < proxy_connections; ++i) {
      wires_.emplace_back(dice()[i]);
      connections_.push_back(system_.connect());
    }
  }

  void serve(std::size_t events) {
    for (std::size_t event = 0; event < events; ++event) {
      if (event % events_a_sample == 0) {
        event_ns_[event / events_a_sample] = time_one();
      } else {
        serve_one();
      }
    }
    keeper_.wait_until_received();
  }

  /// Of an event, which is the read, the decoding and the sending; the clock's own time is in it.
  [[nodiscard]] double event_ns_quantile(double fraction) {
    const auto samples = static_cast<double>(event_ns_.size());
    const auto place = event_ns_.begin() + static_cast<std::ptrdiff_t>(fraction * samples);
    std::ranges::nth_element(event_ns_, place);
    return *place;
  }
  [[nodiscard]] std::uint64_t peak_live_bytes() const { return peak_live_bytes_; }
  [[nodiscard]] std::uint64_t sent() const { return keeper_.sent(); }
  [[nodiscard]] std::uint64_t wrong() const { return keeper_.wrong(); }

 private:
  using Clock = std::chrono::steady_clock;

  std::uint32_t time_one() {
    const Clock::time_point begin = Clock::now();
    serve_one();
    const std::chrono::nanoseconds taken = Clock::now() - begin;
    peak_live_bytes_ = std::max(peak_live_bytes_, keeper_.live_bytes());
    return static_cast<std::uint32_t>(taken.count());
  }
  void serve_one() {
    const std::size_t chosen = dice()[2 * ++event_] % proxy_connections;
    Wire& wire = wires_[chosen];
    wire.arrive(dice()[2 * event_ + 1]);
    connections_[chosen].receive(wire, [this](auto message) { keeper_.send(std::move(message)); });
  }

  System system_;  // outlives what was taken from it
  std::vector<Wire> wires_;
  std::vector<typename System::Connection> connections_;
  Keeper<typename System::Message> keeper_;
  std::vector<std::uint32_t> event_ns_;
  std::size_t event_ = 0;
  std::uint64_t peak_live_bytes_ = 0;
};

/// Timed for one message. Resident memory is of the whole process, less what it had before: it means
/// something in the first row of a process only.
template <class System>
void measure_proxy(benchmark::State& state) {
  message_lengths(), dice(), payload_source();
  const std::size_t before_bytes = resident_bytes();
  forget_peak_resident();
  const bench::Placement placement(bench::Placement::Cores::first);
  Proxy<System> proxy;
  proxy.serve(proxy_events);  // until all memory that it needs is committed
  const std::uint64_t warm_up = proxy.sent();
  const auto begin = std::chrono::steady_clock::now();
  proxy.serve(proxy_events);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  const double peak_bytes = static_cast<double>(peak_resident_bytes() - before_bytes);
  if (proxy.wrong() != 0) return state.SkipWithError("a message arrived with another's header");

  const double messages = static_cast<double>(proxy.sent() - warm_up);
  for (auto _ : state) state.SetIterationTime(taken.count() / messages);
  state.counters["messages_per_s"] = messages / taken.count();
  state.counters["p50_ns"] = proxy.event_ns_quantile(0.5);
  state.counters["p99_ns"] = proxy.event_ns_quantile(0.99);
  state.counters["peak_resident_mib"] = peak_bytes / (1 << 20);
  state.counters["resident_over_live"] = peak_bytes / static_cast<double>(proxy.peak_live_bytes());
}

}  // namespace traffic_bench
