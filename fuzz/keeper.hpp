// A thread on a core of its own that is sent slices, keeps them for a random time, does something to them
// meanwhile, and drops them.
#pragma once

#include <sched.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <thread>
#include <utility>

#include "live_slices.hpp"
#include "support/handoff.hpp"

namespace fuzz {

struct KeeperOptions {
  unsigned core = 0;  // of those that the process may use, modulo their number
  std::uint64_t seed = 0;
  std::size_t most_kept = 32;
};

class Keeper {
 public:
  Keeper(LiveRanges& ranges, KeeperOptions options)
      : kept_(ranges), options_(options), random_(options.seed), thread_([this] { run(); }) {}
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;
  /// Returns when every slice is dropped.
  ~Keeper() {
    sent_.close();
    thread_.join();
  }

  /// Waits while many are on their way.
  void send(LiveSlice live) { sent_.put(std::move(live)); }

  std::size_t below(std::size_t limit) { return random_() % limit; }

 private:
  void run() {
    stay_on_core();
    while (std::optional<LiveSlice> live = sent_.take()) {
      kept_.receive(std::move(*live));
      if (below(2) == 0) kept_.disturb(*this);
      if (below(8) == 0) pause();
      while (kept_.size() > options_.most_kept) kept_.drop(below(kept_.size()));
    }
    while (!kept_.empty()) kept_.drop(below(kept_.size()));
  }

  void pause() {
    if (below(2) == 0) return std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::microseconds(below(50)));
  }

  void stay_on_core() const {
    cpu_set_t usable;
    CPU_ZERO(&usable);
    if (::sched_getaffinity(0, sizeof usable, &usable) != 0) return;
    auto left = options_.core % static_cast<unsigned>(CPU_COUNT(&usable));
    std::size_t core = 0;
    while (!CPU_ISSET(core, &usable) || left-- != 0) ++core;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    ::sched_setaffinity(0, sizeof one, &one);  // where that is refused, any core does
  }

  bufferpool::test::Handoff<LiveSlice> sent_{64};
  LiveSlices kept_;
  KeeperOptions options_;
  std::mt19937_64 random_;
  std::thread thread_;  // last: it uses the others
};

}  // namespace fuzz
