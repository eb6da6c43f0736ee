// The magazine: free things that one thread keeps in front of a shared store, last in, first out.
//
//   [ fill | limit | low_water | entries ... ]
//                                ^ the next push goes to entries[fill], the next pop takes entries[fill - 1]
//
// push() and pop_or() belong to one thread at a time (thread_owned.hpp); fill() and ask_back() may be
// called by any. Memory of zeros is an empty magazine that takes nothing.
// (J. Bonwick, J. Adams: Magazines and Vmem, USENIX 2001.)
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "bufferpool/bits.hpp"
#include "bufferpool/live_count.hpp"

namespace bufferpool::detail {

template <class Entry, std::uint32_t kMostEntries>
class Magazine {
 public:
  static constexpr std::uint32_t kCapacity = kMostEntries;

  /// The entry that was pushed last, or `none`. (Not std::optional: on the hot path gcc 12 builds it in
  /// memory and stalls on reading it back; it doubled the time of an allocation.)
  template <class Result>
  [[nodiscard]] Result pop_or(Result none) noexcept {
    const std::uint32_t fill = fill_.get();
    return has_entry(fill) ? static_cast<Result>(pop_from(fill)) : none;
  }

  /// False: full, or another thread has asked for the entries.
  [[nodiscard]] bool push(Entry entry) noexcept {
    const std::uint32_t fill = fill_.get();
    if (!has_room(fill)) [[unlikely]] {
      return false;
    }
    push_onto(fill, entry);
    return true;
  }

  // The same in two steps, for who does other things between them. `fill` is what fill() says: handed on, as
  // compilers do not fuse two loads of an atomic.

  /// True: pop_from() comes next. As low_water() is never above fill(), one compare of the two finds both that
  /// it is empty and that it gets emptier than it was.
  [[nodiscard]] bool has_entry(std::uint32_t fill) noexcept {
    if (fill == low_water_.get()) [[unlikely]] {
      if (fill == 0) return false;
      low_water_.set(fill - 1);
    }
    return true;
  }
  [[nodiscard]] Entry pop_from(std::uint32_t fill) noexcept {
    fill_.set(fill - 1);
    return entries_[fill - 1];
  }
  [[nodiscard]] bool has_room(std::uint32_t fill) const noexcept { return fill < limit_.get(); }
  void push_onto(std::uint32_t fill, Entry entry) noexcept {
    entries_[fill] = entry;
    fill_.set(fill + 1);
  }

  /// push(entry_of(bit)) for the bits of a word, the highest first, so that pop_or() has them upwards. Returns
  /// those that are left, as another thread asks for the entries at this moment.
  template <class EntryOf>
  [[nodiscard]] bits::Word push_bits(bits::Word rest, EntryOf entry_of) noexcept {
    while (rest != 0) {
      const unsigned bit = bits::highest(rest);
      if (!push(entry_of(bit))) break;
      rest ^= bits::bit_of(bit);
    }
    return rest;
  }

  /// For the owner: push() fails when it holds `entries` <= kCapacity.
  void set_limit(std::uint32_t entries) noexcept { limit_.set(entries); }
  [[nodiscard]] std::uint32_t limit() const noexcept { return limit_.get(); }

  /// For any thread: the owner's next push() fails, and it gives the entries back. A request that meets
  /// set_limit() may be lost; it is repeated as long as something is missing.
  void ask_back() noexcept { limit_.set(0); }
  /// For the owner: that has happened, and there are some.
  [[nodiscard]] bool is_asked_back() const noexcept { return limit_.get() == 0 && fill() != 0; }

  /// For the owner: what is here, the oldest first.
  [[nodiscard]] std::span<const Entry> entries() const noexcept { return {entries_, fill()}; }

  /// For the owner: drops the `count` <= fill() that were pushed first. The recent ones stay, whose
  /// memory is likely in the cache.
  void drop_oldest(std::uint32_t count) noexcept {
    const std::span<const Entry> kept = entries().subspan(count);
    const auto rest = static_cast<std::uint32_t>(kept.size());
    std::ranges::copy(kept, entries_);
    fill_.set(rest);
    low_water_.set(std::min(low_water_.get(), rest));
  }

  [[nodiscard]] std::uint32_t fill() const noexcept { return fill_.get(); }

  /// The least fill since the last mark_low_water().
  [[nodiscard]] std::uint32_t low_water() const noexcept { return low_water_.get(); }
  void mark_low_water() noexcept { low_water_.set(fill_.get()); }

 private:
  Gauge<std::uint32_t> fill_;
  Gauge<std::uint32_t> limit_;
  Gauge<std::uint32_t> low_water_;
  Entry entries_[kMostEntries];
};

}  // namespace bufferpool::detail
