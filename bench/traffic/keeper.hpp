// The far side of the proxy: a thread that keeps each message for a random number of rounds and drops
// it, then another takes its place.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <thread>
#include <vector>

#include "../handoff_queue.hpp"
#include "../placement.hpp"
#include "mix.hpp"
#include "wire.hpp"

namespace traffic_bench {

template <class Message>
class Keeper {
 public:
  Keeper() {
    const bench::Placement placement(bench::Placement::Cores::all_but_first);
    thread_ = std::thread([this] { serve(); });
  }
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;
  ~Keeper() {
    stopping_ = true;
    thread_.join();
  }

  /// One thread sends. Waits while the queue is full: yields, as there may be only one core.
  void send(Message message) {
    ++sent_;
    sent_bytes_ += message.size();
    while (!queue_.try_push(message)) std::this_thread::yield();
  }
  void wait_until_received() const {
    while (received_ != sent_) std::this_thread::yield();
  }

  /// The sender's. Of messages that are on their way or kept.
  [[nodiscard]] std::uint64_t live_bytes() const { return sent_bytes_ - dropped_bytes_; }
  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  [[nodiscard]] std::uint64_t wrong() const { return wrong_; }

 private:
  static constexpr std::size_t kept_messages = 2048;

  // The count of what was received is told when the queue runs empty.
  void serve() {
    std::uint64_t received = 0;
    std::uint64_t dropped_bytes = 0;
    while (true) {
      const bool last_look = stopping_;
      if (std::optional<Message> message = queue_.try_pop()) {
        if (frame_bytes({message->data(), message->size()}) != message->size()) ++wrong_;
        Message& place = kept_[dice()[received++] % kept_messages];
        dropped_bytes += place.size();
        dropped_bytes_.store(dropped_bytes, std::memory_order_relaxed);
        place = std::move(*message);
      } else if (last_look) {
        return;
      } else {
        received_ = received;
        std::this_thread::yield();
      }
    }
  }

  std::vector<Message> kept_ = std::vector<Message>(kept_messages);
  seed_bench::HandoffQueue<Message, 256> queue_;
  std::uint64_t sent_ = 0;
  std::uint64_t sent_bytes_ = 0;
  alignas(64) std::atomic<std::uint64_t> received_ = 0;
  std::atomic<std::uint64_t> dropped_bytes_ = 0;
  std::atomic<std::uint64_t> wrong_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace traffic_bench
