// The magazine: free slots that one thread keeps in front of a pool's bitmap, last in, first out.
//
//   [ owner | fill | limit | low_water | 64 slot indices ... ]
//             ^ the next push goes to slots[fill], the next pop takes slots[fill - 1]
//
// push() and pop() belong to the thread whose ticket is the owner (thread_ticket.hpp); fill() and
// ask_back() may be called by any. Memory of zeros is an empty magazine that takes nothing.
// (J. Bonwick, J. Adams: Magazines and Vmem, USENIX 2001.)
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "bufferpool/live_count.hpp"
#include "bufferpool/slot_index.hpp"

namespace bufferpool::detail {

class alignas(64) Magazine {
 public:
  static constexpr std::uint32_t kCapacity = 64;

  /// A slot's number, or kNoSlot.
  [[nodiscard]] std::uint64_t pop() noexcept {
    const std::uint32_t fill = fill_.get();
    if (fill == 0) [[unlikely]] {
      return kNoSlot;
    }
    fill_.set(fill - 1);
    if (fill - 1 < low_water_.get()) low_water_.set(fill - 1);
    return to_number(slots_[fill - 1]);
  }

  /// False: full, or another thread has asked for the slots.
  [[nodiscard]] bool push(SlotIndex slot) noexcept {
    const std::uint32_t fill = fill_.get();
    if (fill >= limit_.get()) return false;
    slots_[fill] = slot;
    fill_.set(fill + 1);
    return true;
  }

  /// For the owner: push() fails when it holds `slots` <= kCapacity.
  void set_limit(std::uint32_t slots) noexcept { limit_.set(slots); }

  /// For any thread: the owner's next push() fails, and it gives the slots back. A request that meets
  /// set_limit() may be lost; it is repeated as long as a slot is missing.
  void ask_back() noexcept { limit_.set(0); }

  /// For the owner: the `slots` <= fill() that were pushed first, then to be dropped: the magazine
  /// keeps the recent ones, whose memory is likely in the cache.
  [[nodiscard]] std::span<const SlotIndex> oldest(std::uint32_t slots) const noexcept {
    return {slots_, slots};
  }
  void drop_oldest(std::uint32_t slots) noexcept {
    const std::uint32_t rest = fill_.get() - slots;
    std::copy_n(slots_ + slots, rest, slots_);
    fill_.set(rest);
    low_water_.set(std::min(low_water_.get(), rest));
  }

  /// For the owner: true if one of the slots [first, first + count) is here.
  [[nodiscard]] bool holds_any_of(std::uint64_t first, std::uint64_t count) const noexcept {
    return std::any_of(slots_, slots_ + fill_.get(),
                       [=](SlotIndex slot) { return to_number(slot) - first < count; });
  }
  [[nodiscard]] std::uint32_t limit() const noexcept { return limit_.get(); }

  [[nodiscard]] std::uint32_t fill() const noexcept { return fill_.get(); }

  /// The least fill since the last mark_low_water().
  [[nodiscard]] std::uint32_t low_water() const noexcept { return low_water_.get(); }
  void mark_low_water() noexcept { low_water_.set(fill_.get()); }

  /// A thread's ticket; 0: nobody's, and empty.
  [[nodiscard]] OwnerWord& owner() noexcept { return owner_; }
  [[nodiscard]] const OwnerWord& owner() const noexcept { return owner_; }

 private:
  OwnerWord owner_;
  Gauge<std::uint32_t> fill_;
  Gauge<std::uint32_t> limit_;
  Gauge<std::uint32_t> low_water_;
  SlotIndex slots_[kCapacity];
};

}  // namespace bufferpool::detail
