// Those who keep free slots of a pool for themselves, as a resource its free slabs, and who asks them. A word says
// which thread is at it: only one asks at a time, and who meets it goes on without; who comes or goes waits for it.
//
// A thread that is at it already is let in: its failure handler may end the process, and so a keeper, while it
// asks. So is who finds a thread of before fork(). That is safe at any instant: the list is changed by one store.
#pragma once

#include <cstdint>

#include "bufferpool/live_count.hpp"

namespace bufferpool::detail {

class SlotKeeper {
 public:
  SlotKeeper() = default;
  SlotKeeper(const SlotKeeper&) = delete;
  SlotKeeper& operator=(const SlotKeeper&) = delete;

  /// Gives the pool back what is free, or asks the threads that have it. True: something may have come back. Called by
  /// any thread that lacks a slot; takes none, and calls nothing of the pool's users but the failure handler.
  [[nodiscard]] virtual bool give_back_free() noexcept = 0;

 protected:
  virtual ~SlotKeeper() = default;

 private:
  friend class SlotKeepers;
  SlotKeeper* next_ = nullptr;
};

class SlotKeepers {
 public:
  /// So many are asked by one request; the next one goes on with those behind them.
  static constexpr std::uint64_t kMostAsked = 16;

  /// One that is not there yet. Waits while a thread asks.
  void add(SlotKeeper& keeper) noexcept;
  /// One that was added. Waits as add(). When it returns nobody asks it any more. O(keepers).
  void remove(SlotKeeper& keeper) noexcept;

  /// Asks kMostAsked of them, but not `except`. True: slots may have come back. False also while another thread asks.
  [[nodiscard]] bool ask(const SlotKeeper* except = nullptr) noexcept {
    return count_.get() != 0 && ask_some(except);
  }

 private:
  [[gnu::cold]] bool ask_some(const SlotKeeper* except) noexcept;
  [[nodiscard]] std::uint64_t wait_for_turn() noexcept;

  OwnerWord at_it_;
  Tally count_;
  SlotKeeper* first_ = nullptr;
  SlotKeeper* next_asked_ = nullptr;  // nullptr: the first
};

}  // namespace bufferpool::detail
