// What all threads share: one pool, a resource on it, upstream behind both, and mailboxes.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "bufferpool/pool_resource.hpp"
#include "bufferpool/slot_pool.hpp"
#include "holding.hpp"
#include "options.hpp"
#include "tally.hpp"
#include "upstream.hpp"

namespace bufferpool::stress {

/// What threads send to whoever looks into it next. Any thread may call any function.
class Mailbox {
 public:
  /// False, and nothing changed: it is full.
  [[nodiscard]] bool put(Holding& holding) {
    const std::lock_guard lock(mutex_);
    if (holdings_.size() == kMost) return false;
    holdings_.push_back(std::move(holding));
    return true;
  }
  [[nodiscard]] std::optional<Holding> take() {
    const std::lock_guard lock(mutex_);
    if (holdings_.empty()) return std::nullopt;
    std::optional<Holding> first(std::move(holdings_.front()));
    holdings_.pop_front();
    return first;
  }

 private:
  static constexpr std::size_t kMost = 8;
  std::mutex mutex_;
  std::deque<Holding> holdings_;
};

struct Ground {
  explicit Ground(const Options& chosen)
      : options(chosen),
        slots(std::uint64_t{kSlotsAThread} * chosen.threads + kLeastSlots),
        upstream(slots * kSlotBytes / 4),
        pool({.slot_bytes = kSlotBytes, .slots = slots, .upstream = &upstream}),
        memory(pool) {}

  /// Also opens or closes upstream: it is closed in every second sixteenth of the run.
  void note_done(std::uint64_t operations) noexcept {
    const std::uint64_t now = done.fetch_add(operations) + operations;
    upstream.set_open(now / (options.operations / kStretches + 1) % 2 == 0);
  }

  static constexpr std::size_t kSlotBytes = 256;
  static constexpr unsigned kSlotsAThread = 64;  // fewer than it would hold: the pool runs out
  static constexpr std::uint64_t kLeastSlots = 128;
  static constexpr std::uint64_t kStretches = 16;

  Options options;
  std::uint64_t slots;
  Upstream upstream;
  SlotPool pool;
  PoolResource memory;
  std::array<Mailbox, 16> mailboxes;
  std::atomic<std::uint64_t> done{0};
};

}  // namespace bufferpool::stress
