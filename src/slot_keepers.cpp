#include "bufferpool/slot_keepers.hpp"

#include "bufferpool/fork_mutex.hpp"

namespace bufferpool::detail {

std::mutex& SlotKeepers::mutex() const noexcept { return fork_mutex(pool_id_); }

void SlotKeepers::add(SlotKeeper& keeper) noexcept {
  const std::lock_guard lock(mutex());
  keeper.next_ = first_;
  first_ = &keeper;
  count_.add(1);
}

void SlotKeepers::remove(SlotKeeper& keeper) noexcept {
  const std::lock_guard lock(mutex());
  SlotKeeper** link = &first_;
  while (*link != &keeper) link = &(*link)->next_;
  *link = keeper.next_;
  count_.subtract(1);
}

bool SlotKeepers::ask_each(const SlotKeeper* except) noexcept {
  const std::unique_lock lock(mutex(), std::try_to_lock);
  if (!lock) return false;
  bool found = false;
  for (SlotKeeper* keeper = first_; keeper != nullptr; keeper = keeper->next_) {
    if (keeper != except) found |= keeper->give_back_free();
  }
  return found;
}

}  // namespace bufferpool::detail
