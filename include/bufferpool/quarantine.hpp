// Where memory that was given back waits before it can be had again, in a hardened build: who still uses
// it does so while it has no other holder, and is found out when it leaves.
//
//   exchange(d):   [ b | c | a ]  ->  [ b | c | d ], and a leaves: the places are filled in turn
//
// Any thread may call any function. Memory of zeros is an empty quarantine.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bufferpool/live_count.hpp"

namespace bufferpool::detail {

template <std::size_t kPlaces>
class Quarantine {
 public:
  /// `number` != 0 waits from now on. Returns what has waited longest, or 0. Wait-free. A thing is in one
  /// place or with the one thread whose exchange took it from there, so it leaves once.
  [[nodiscard]] std::uint64_t exchange(std::uint64_t number) noexcept {
    return places_[turn_.add(1) % kPlaces].exchange(number);
  }

  /// Calls `leave(number)` for all that wait. True: there was something.
  template <class Leave>
  bool drain(Leave leave) noexcept {
    bool found = false;
    for (WaitingPlace& place : places_) {
      const std::uint64_t number = place.exchange(0);
      if (number == 0) continue;
      leave(number);
      found = true;
    }
    return found;
  }

  /// True: one that waits, at some moment, is such.
  template <class Is>
  [[nodiscard]] bool has(Is is) const noexcept {
    for (const WaitingPlace& place : places_) {
      if (const std::uint64_t number = place.get(); number != 0 && is(number)) return true;
    }
    return false;
  }

 private:
  Tally turn_;
  WaitingPlace places_[kPlaces];
};

}  // namespace bufferpool::detail
