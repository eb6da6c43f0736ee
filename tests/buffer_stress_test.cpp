// Buffers fill, freeze and send from several threads; the slices are kept for random times, checked and
// dropped on others. Every message is stamped, so a byte written by anyone else is found.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/system_buffer.hpp"
#include "support/handoff.hpp"
#include "support/message.hpp"
#include "support/seed.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::test {
namespace {

constexpr std::size_t kThreads = 3;
constexpr std::uint64_t kMessages = 6'000;
constexpr std::size_t kMostKept = 40;

/// Keeps what comes out of `queue` for a random time. Returns how many messages came.
template <class T, class Check>
std::uint64_t keep_and_drop(Handoff<T>& queue, std::uint64_t seed, Check check) {
  std::mt19937_64 random(seed);
  std::vector<T> kept;
  std::uint64_t received = 0;
  const auto drop_one = [&] {
    std::swap(kept[random() % kept.size()], kept.back());
    EXPECT_TRUE(check(kept.back()));
    kept.pop_back();
  };
  while (auto item = queue.take()) {
    ++received;
    EXPECT_TRUE(check(*item));
    kept.push_back(std::move(*item));
    while (kept.size() > random() % kMostKept) drop_one();
  }
  while (!kept.empty()) drop_one();
  return received;
}

/// Runs producers, each `produce(its number, queue)`, against as many consumers.
template <class T, class Produce, class Check>
void run(std::uint64_t seed, Produce produce, Check check) {
  Handoff<T> queue(64);
  std::atomic<std::uint64_t> received = 0;
  std::vector<std::thread> producers;
  std::vector<std::thread> consumers;
  for (std::size_t i = 0; i < kThreads; ++i) {
    producers.emplace_back([&, i] { produce(seed * kThreads + i, queue); });
    consumers.emplace_back([&, i] { received += keep_and_drop(queue, seed + i, check); });
  }
  for (std::thread& thread : producers) thread.join();
  queue.close();
  for (std::thread& thread : consumers) thread.join();
  EXPECT_EQ(received.load(), kThreads * kMessages);
}

/// Sends messages of up to `most_bytes`, some frozen whole, some with the next one begun behind them.
template <class Buffer>
void send_messages(Buffer& buffer, std::uint64_t seed, std::size_t most_bytes,
                   Handoff<Slice>& queue) {
  std::mt19937_64 random(seed);
  for (std::uint64_t sent = 0; sent < kMessages; ++sent) {
    const std::size_t bytes = random() % most_bytes;
    append_message(buffer, random(), bytes);
    if (sent + 1 < kMessages && random() % 3 == 0) {
      const std::size_t first_bytes = buffer.size();
      append_message(buffer, random(), random() % most_bytes);
      queue.put(buffer.freeze(first_bytes));
      ++sent;
    }
    queue.put(buffer.freeze());
    if (random() % 50 == 0) buffer.release_idle();
  }
}

class BufferStress : public testing::TestWithParam<std::uint64_t> {
 protected:
  void expect_all_given_back(const SlotPool& pool) const {
    EXPECT_EQ(pool.stats().taken_slots, 0U);
    EXPECT_EQ(upstream_.live_blocks(), 0U);
  }

  /// Messages of up to `most_bytes` in slices of `pool`, a buffer to each producer.
  void send_through(const SlotPool& pool, std::size_t most_bytes) const {
    run<Slice>(
        GetParam(),
        [&](std::uint64_t seed, Handoff<Slice>& queue) {
          BufferPool buffer(pool);
          send_messages(buffer, seed, most_bytes, queue);
        },
        is_whole<Slice>);
    expect_all_given_back(pool);
  }

  WatchedResource upstream_;
};

TEST_P(BufferStress, slices_of_a_small_shared_pool_stay_whole) {
  SCOPED_TRACE(say(GetParam()));
  const SlotPool pool({.slot_bytes = 512, .slots = 32, .upstream = &upstream_});
  send_through(pool, 1'000);
}

TEST_P(BufferStress, slices_of_a_large_shared_pool_stay_whole) {
  SCOPED_TRACE(say(GetParam()));
  const SlotPool pool({.slot_bytes = 4096, .slots = 1024, .upstream = &upstream_});
  send_through(pool, 1'500);
}

TEST_P(BufferStress, slices_of_private_pools_outlive_them) {
  SCOPED_TRACE(say(GetParam()));
  run<Slice>(
      GetParam(),
      [&](std::uint64_t seed, Handoff<Slice>& queue) {
        for (std::uint64_t sent = 0; sent < kMessages;) {
          BufferPool short_lived(4096, &upstream_);
          for (std::uint64_t i = 0; i < 20 && sent < kMessages; ++i, ++sent) {
            append_message(short_lived, seed + sent, (seed + sent) % 400);
            queue.put(short_lived.freeze());
          }
          append_message(short_lived, seed, 100);  // and dies with this unfinished
        }
      },
      is_whole<Slice>);
  EXPECT_EQ(upstream_.live_blocks(), 0U);
}

TEST_P(BufferStress, slices_of_system_buffers_stay_whole) {
  SCOPED_TRACE(say(GetParam()));
  run<Slice>(
      GetParam(),
      [&](std::uint64_t seed, Handoff<Slice>& queue) {
        SystemBuffer buffer(&upstream_);
        send_messages(buffer, seed, 600, queue);
      },
      is_whole<Slice>);
  EXPECT_EQ(upstream_.live_blocks(), 0U);
}

TEST_P(BufferStress, splits_and_shares_stay_whole) {
  SCOPED_TRACE(say(GetParam()));
  const SlotPool pool({.slot_bytes = 1024, .slots = 48, .upstream = &upstream_});
  run<SharedSlice>(
      GetParam(),
      [&](std::uint64_t seed, Handoff<SharedSlice>& queue) {
        std::mt19937_64 random(seed);
        BufferPool buffer(pool);
        for (std::uint64_t sent = 0; sent < kMessages; sent += 3) {
          append_message(buffer, random(), random() % 200);
          const std::size_t first_bytes = buffer.size();
          append_message(buffer, random(), random() % 200);
          Slice both = buffer.freeze();
          const SharedSlice first = both.split(first_bytes).share();
          queue.put(first);
          queue.put(both.share());
          queue.put(first);
        }
      },
      is_whole<SharedSlice>);
  expect_all_given_back(pool);
}

TEST_P(BufferStress, buffers_that_move_between_threads_keep_what_they_fill) {
  SCOPED_TRACE(say(GetParam()));
  constexpr int kBuffers = 8;
  constexpr int kRounds = 4'000;
  const SlotPool pool({.slot_bytes = 256, .slots = 64, .upstream = &upstream_});
  Handoff<std::pair<BufferPool, std::uint64_t>> travelling(kBuffers);
  for (std::uint64_t i = 0; i < kBuffers; ++i) travelling.put({BufferPool(pool), i});
  std::vector<std::thread> threads;
  for (std::uint64_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, seed = GetParam() + thread] {
      std::mt19937_64 random(seed);
      std::vector<Slice> kept(10);
      for (int round = 0; round < kRounds; ++round) {
        auto [buffer, stamp] = std::move(*travelling.take());
        // A message is begun by one thread, and finished and frozen by another.
        if (!buffer.empty()) {
          write_pattern(buffer.fill(64), stamp, 64);
          Slice slice = buffer.freeze();
          EXPECT_TRUE(holds_pattern(slice, stamp));
          kept[random() % kept.size()] = std::move(slice);
          stamp += kBuffers;
        } else {
          write_pattern(buffer.fill(64), stamp);
        }
        travelling.put({std::move(buffer), stamp});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  travelling.close();
  while (travelling.take()) {
  }
  expect_all_given_back(pool);
}

TEST_P(BufferStress, a_thousand_buffers_share_one_pool) {
  SCOPED_TRACE(say(GetParam()));
  constexpr std::size_t kBuffers = 1'000;
  const SlotPool pool({.slot_bytes = 1024, .slots = 256, .upstream = &upstream_});
  run<Slice>(
      GetParam(),
      [&](std::uint64_t seed, Handoff<Slice>& queue) {
        std::mt19937_64 random(seed);
        std::vector<BufferPool> connections;
        for (std::size_t i = 0; i < kBuffers / kThreads + 1; ++i) connections.emplace_back(pool);
        for (std::uint64_t sent = 0; sent < kMessages; ++sent) {
          BufferPool& buffer = connections[random() % connections.size()];
          append_message(buffer, random(), random() % 500);
          queue.put(buffer.freeze());
          buffer.release_idle();
        }
      },
      is_whole<Slice>);
  expect_all_given_back(pool);
}

INSTANTIATE_TEST_SUITE_P(Seeds, BufferStress, testing::ValuesIn(seeds(2)),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace bufferpool::test
