// `fragmentation/<system>/<bytes>`: ten minutes of a hundred connections, simulated: 2,000 messages a
// second, nine of ten kept for 50 ms on average, the others for 2 s, one in a thousand for a minute. How
// many bytes can nobody have, for each byte that is alive? A cheat would be lifetimes that end in the
// order in which they began, or messages of one length.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "bufferpool/buffer_pool.hpp"
#include "mix.hpp"
#include "original_rule.hpp"

namespace traffic_bench {

inline constexpr std::size_t simulated_connections = 100;
inline constexpr std::uint32_t simulated_ms = 600'000;
inline constexpr std::uint32_t messages_a_ms = 2;

/// Buffers that share a pool of slots of so many bytes, and give their chunk back after each message
/// or keep it for the next.
template <bool gives_back>
class PooledBuffers {
 public:
  static constexpr const char* name = gives_back ? "BufferPool_release_idle" : "BufferPool";
  using Message = bufferpool::Slice;

  explicit PooledBuffers(std::size_t slot_bytes)
      : pool_({.slot_bytes = slot_bytes, .slots = (std::uint64_t{4} << 30) / slot_bytes}) {
    for (std::size_t i = 0; i < simulated_connections; ++i) buffers_.emplace_back(pool_);
  }
  [[nodiscard]] Message receive(std::size_t connection, std::size_t bytes) {
    bufferpool::BufferPool& buffer = buffers_[connection];
    static_cast<void>(buffer.fill(bytes));
    Message message = buffer.freeze();
    if constexpr (gives_back) buffer.release_idle();
    return message;
  }
  void drop(std::size_t, Message message) { static_cast<void>(std::move(message)); }

  [[nodiscard]] std::size_t pinned_bytes() const {
    return pool_.stats().taken_slots * pool_.slot_bytes();
  }
  [[nodiscard]] std::uint64_t beyond() const { return pool_.stats().served_by_upstream; }

 private:
  bufferpool::SlotPool pool_;
  std::vector<bufferpool::BufferPool> buffers_;
};

/// A region of so many bytes for each connection. Of the heap's memory only the messages themselves
/// count.
class OriginalRule {
 public:
  static constexpr const char* name = "original_rule";
  struct Message {
    std::size_t bytes;
    OriginalRegion::Places::iterator place;
  };

  explicit OriginalRule(std::size_t region_bytes)
      : regions_(simulated_connections, OriginalRegion(region_bytes)) {}
  [[nodiscard]] Message receive(std::size_t connection, std::size_t bytes) {
    const auto place = regions_[connection].allocate(bytes);
    if (!regions_[connection].is_heap(place)) return {bytes, place};
    ++beyond_;
    heap_bytes_ += bytes;
    return {bytes, place};
  }
  void drop(std::size_t connection, Message message) {
    if (!regions_[connection].is_heap(message.place))
      return regions_[connection].deallocate(message.place);
    heap_bytes_ -= message.bytes;
  }

  [[nodiscard]] std::size_t pinned_bytes() const {
    std::size_t bytes = heap_bytes_;
    for (const OriginalRegion& region : regions_) bytes += region.pinned_bytes();
    return bytes;
  }
  [[nodiscard]] std::uint64_t beyond() const { return beyond_; }

 private:
  std::vector<OriginalRegion> regions_;
  std::size_t heap_bytes_ = 0;
  std::uint64_t beyond_ = 0;
};

/// From the exponential distribution whose mean the first draw chooses.
inline std::uint32_t random_lifetime_ms(std::uint32_t which, std::uint32_t draw) {
  const std::uint32_t of_1000 = which % 1000;
  const double mean_ms = of_1000 < 900 ? 50 : of_1000 < 999 ? 2000 : 60'000;
  return 1 + static_cast<std::uint32_t>(-mean_ms * std::log((draw + 1.0) / 4294967296.0));
}

template <class System>
class Simulation {
 public:
  explicit Simulation(std::size_t bytes) : system_(bytes), ending_(simulated_ms) {}

  void step(std::uint32_t now_ms) {
    for (Live& live : std::exchange(ending_[now_ms], std::vector<Live>())) {
      live_bytes_ -= live.bytes;
      system_.drop(live.connection, std::move(live.message));
    }
    for (std::uint32_t i = 0; i < messages_a_ms; ++i) begin_one(now_ms);
  }
  [[nodiscard]] double pinned_over_live() const {
    return static_cast<double>(system_.pinned_bytes()) / static_cast<double>(live_bytes_);
  }
  [[nodiscard]] double share_beyond() const {
    return static_cast<double>(system_.beyond()) / static_cast<double>(begun_);
  }

 private:
  struct Live {
    std::size_t connection;
    std::size_t bytes;
    typename System::Message message;
  };

  // What outlives the ten minutes stays to their end.
  void begin_one(std::uint32_t now_ms) {
    const std::size_t number = begun_++;
    const std::size_t connection = random_() % simulated_connections;
    const std::size_t bytes = message_lengths()[number];
    const auto which = static_cast<std::uint32_t>(random_());
    const std::uint32_t end_ms =
        now_ms + random_lifetime_ms(which, static_cast<std::uint32_t>(random_()));
    live_bytes_ += bytes;
    std::vector<Live>& end = end_ms < simulated_ms ? ending_[end_ms] : outliving_;
    end.push_back({connection, bytes, system_.receive(connection, bytes)});
  }

  System system_;  // outlives what was taken from it
  std::vector<std::vector<Live>> ending_;
  std::vector<Live> outliving_;
  std::mt19937_64 random_{20240301};
  std::size_t begun_ = 0;
  std::size_t live_bytes_ = 0;
};

/// The row's time says nothing. The first ten seconds are left out of mean and peak; the series has a
/// figure every ten seconds. `beyond_pool` is the share of messages that the heap served.
template <class System>
void measure_fragmentation(benchmark::State& state, std::size_t bytes) {
  constexpr std::uint32_t sample_ms = 1000;
  constexpr std::uint32_t series_ms = 10'000;
  Simulation<System> simulation(bytes);
  double sum = 0;
  double peak = 0;
  for (auto _ : state) {
    for (std::uint32_t now_ms = 0; now_ms < simulated_ms; ++now_ms) {
      simulation.step(now_ms);
      if (now_ms < series_ms || now_ms % sample_ms != 0) continue;
      const double figure = simulation.pinned_over_live();
      sum += figure;
      peak = std::max(peak, figure);
      if (now_ms % series_ms != 0) continue;
      char name[16];
      std::snprintf(name, sizeof name, "at_%03us", now_ms / 1000);
      state.counters[name] = figure;
    }
  }
  state.counters["mean_pinned_over_live"] = sum / ((simulated_ms - series_ms) / sample_ms);
  state.counters["peak_pinned_over_live"] = peak;
  state.counters["beyond_pool"] = simulation.share_beyond();
}

}  // namespace traffic_bench
