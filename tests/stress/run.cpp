#include "run.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>
#include <set>
#include <thread>

#include "support/resource_stats.hpp"
#include "support/slots.hpp"
#include "worker.hpp"

namespace bufferpool::stress {
namespace {

constexpr std::uint64_t kShortestLife = 2'000;  // operations
constexpr std::uint64_t kLongestLife = 50'000;

/// Threads one after the other, until their share of the operations is done.
class Lane {
 public:
  Lane(Ground& ground, std::size_t number) : ground_(ground), number_(number) {
    const std::uint64_t threads = ground.options.threads;
    left_ = ground.options.operations / threads + (number < ground.options.operations % threads);
  }

  void run() {
    std::mt19937_64 random(ground_.options.seed + number_);
    for (std::uint64_t generation = 0; left_ != 0; ++generation) {
      const std::uint64_t life = kShortestLife + random() % (kLongestLife - kShortestLife);
      run_one(generation, std::min(life, left_));
    }
  }
  [[nodiscard]] const Tally& tally() const noexcept { return tally_; }

 private:
  void run_one(std::uint64_t generation, std::uint64_t operations) {
    const std::uint64_t number = 1 + number_ + generation * ground_.options.threads;
    std::thread([&] { tally_.add(Worker(ground_, number).work(operations)); }).join();
    left_ -= operations;
  }

  Ground& ground_;
  std::size_t number_;
  std::uint64_t left_;
  Tally tally_;
};

void show_progress(const Ground& ground, double seconds) {
  const auto done = static_cast<double>(ground.done);
  const auto all = static_cast<double>(ground.options.operations);
  std::fprintf(stderr, "%5.1f %% of %.0f operations, %.2f million/s, about %.0f s left   \r",
               100 * done / all, all, done / seconds / 1e6, seconds * (all / done - 1));
}

void wait_for(const Ground& ground, const std::atomic<std::size_t>& running) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  double shown = 0;
  while (running != 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    if (seconds - shown < 2 || ground.done == 0) continue;
    show_progress(ground, seconds);
    shown = seconds;
  }
  if (shown != 0) std::fprintf(stderr, "%-78s\r", "");
}

void expect(bool holds, const char* what, Tally& tally) {
  if (holds) return;
  ++tally.failures;
  std::fprintf(stderr, "NOT AS BEFORE THE RUN: %s\n", what);
}

}  // namespace

Tally run(Ground& ground) {
  std::vector<Lane> lanes;
  for (std::size_t i = 0; i < ground.options.threads; ++i) lanes.emplace_back(ground, i);
  std::atomic<std::size_t> running{lanes.size()};
  std::vector<std::thread> threads;
  for (Lane& lane : lanes) {
    threads.emplace_back([&] {
      lane.run();
      --running;
    });
  }
  wait_for(ground, running);
  for (std::thread& thread : threads) thread.join();
  Tally tally;
  for (const Lane& lane : lanes) tally.add(lane.tally());
  return tally;
}

void check_that_all_is_back(Ground& ground, Tally& tally) {
  for (Mailbox& mailbox : ground.mailboxes) {
    while (auto holding = mailbox.take()) give_back(ground, std::move(*holding), tally);
  }
  expect(tally.live_slices == 0, "slices are alive", tally);
  expect(test::is_quiet(ground.memory.stats()), "blocks are in use", tally);
  ground.memory.release();
  expect(ground.pool.stats().taken_slots == 0, "slots are taken", tally);
  expect(test::has_every_slot_once(ground.pool), "not every slot can be taken once", tally);
  expect(ground.upstream.blocks_out() == 0 && ground.upstream.bytes_out() == 0,
         "upstream lacks blocks", tally);
}

}  // namespace bufferpool::stress
