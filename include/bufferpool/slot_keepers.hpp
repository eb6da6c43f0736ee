// Those who keep free slots of a pool for themselves, as a resource its free slabs. Who lacks a slot asks them, and
// waits for nobody: only one thread asks at a time, and who comes or goes waits for that one.
#pragma once

#include <cstdint>
#include <mutex>

#include "bufferpool/live_count.hpp"

namespace bufferpool::detail {

class SlotKeeper {
 public:
  SlotKeeper() = default;
  SlotKeeper(const SlotKeeper&) = delete;
  SlotKeeper& operator=(const SlotKeeper&) = delete;

  /// Gives the pool back what is free, or asks the threads that have it. True: something may have come back. Called by
  /// any thread that lacks a slot; takes none, and calls nothing of the pool's users.
  [[nodiscard]] virtual bool give_back_free() noexcept = 0;

 protected:
  virtual ~SlotKeeper() = default;

 private:
  friend class SlotKeepers;
  SlotKeeper* next_ = nullptr;
};

class SlotKeepers {
 public:
  explicit SlotKeepers(std::uint64_t pool_id) noexcept : pool_id_(pool_id) {}

  void add(SlotKeeper& keeper) noexcept;
  /// For one that was added. When it returns nobody asks it any more.
  void remove(SlotKeeper& keeper) noexcept;

  /// Asks all of them but `except`. True: slots may have come back. False also while another thread asks.
  [[nodiscard]] bool ask(const SlotKeeper* except = nullptr) noexcept {
    return count_.get() != 0 && ask_each(except);
  }

 private:
  [[gnu::cold]] bool ask_each(const SlotKeeper* except) noexcept;
  [[nodiscard]] std::mutex& mutex() const noexcept;

  std::uint64_t pool_id_;
  Tally count_;
  SlotKeeper* first_ = nullptr;
};

}  // namespace bufferpool::detail
