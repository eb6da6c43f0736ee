// The magazine: free things that one thread keeps in front of a shared store, last in, first out.
//
//   [ sum, fill | limit | low_water | entries ... ]
//                                      ^ the next push goes to entries[fill], the next pop takes entries[fill - 1]
//
// push() and pop_or() belong to one thread at a time (thread_owned.hpp); fill() and ask_back() may be
// called by any. Memory of zeros is an empty magazine that takes nothing.
// (J. Bonwick, J. Adams: Magazines and Vmem, USENIX 2001.)
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "bufferpool/bits.hpp"
#include "bufferpool/live_count.hpp"

namespace bufferpool::detail {

template <class Entry, std::uint32_t kMostEntries>
class Magazine {
 public:
  static constexpr std::uint32_t kCapacity = kMostEntries;
  static_assert(kCapacity < std::uint32_t{1} << 16);

  /// How many entries there are, and above that a sum that the owner keeps here: in one word, since every
  /// word that is read and written in each operation costs a tenth of a push and a pop.
  struct Top {
    std::uint64_t word;

    [[nodiscard]] std::uint16_t fill() const noexcept { return static_cast<std::uint16_t>(word); }
  };

  /// The entry that was pushed last, or `none`. (Not std::optional: on the hot path gcc 12 builds it in
  /// memory and stalls on reading it back; it doubled the time of an allocation.)
  template <class Result>
  [[nodiscard]] Result pop_or(Result none) noexcept {
    const Top found = top();
    return has_entry(found) ? static_cast<Result>(pop_from(found)) : none;
  }

  /// False: full, or another thread has asked for the entries.
  [[nodiscard]] bool push(Entry entry) noexcept {
    const Top found = top();
    if (!has_room(found)) [[unlikely]] {
      return false;
    }
    push_onto(found, entry);
    return true;
  }

  // The same in two steps, for who does other things between them and adds to the sum. `found` is top(),
  // handed on, as compilers do not fuse two loads of an atomic.

  [[nodiscard]] Top top() const noexcept { return {top_.get()}; }
  /// True: pop_from() comes next. As low_water() is never above fill(), one compare of the two finds both that
  /// it is empty and that it gets emptier than it was.
  [[nodiscard]] bool has_entry(Top found) noexcept {
    if (found.fill() == low_water_.get()) [[unlikely]] {
      if (found.fill() == 0) return false;
      low_water_.set(static_cast<std::uint16_t>(found.fill() - 1));
    }
    return true;
  }
  [[nodiscard]] Entry entry_at(Top found) const noexcept {
    return entries_[std::size_t{found.fill()} - 1];
  }
  Entry pop_from(Top found, std::uint64_t added = 0) noexcept {
    top_.set(found.word + (added << kSumShift) - 1);
    return entry_at(found);
  }
  [[nodiscard]] bool has_room(Top found) const noexcept { return found.fill() < limit_.get(); }
  void push_onto(Top found, Entry entry, std::uint64_t added = 0) noexcept {
    entries_[found.fill()] = entry;
    top_.set(found.word + (added << kSumShift) + 1);
  }

  /// For the owner: adds to the sum.
  void add(std::uint64_t added) noexcept { top_.set(top().word + (added << kSumShift)); }
  /// What the owner has added. A sum of sums is right modulo 2^48, as wrap() makes it.
  [[nodiscard]] std::uint64_t sum() const noexcept { return top().word >> kSumShift; }
  [[nodiscard]] static std::int64_t wrap(std::uint64_t sums) noexcept {
    return static_cast<std::int64_t>(sums << kSumShift) >> kSumShift;
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
  void set_limit(std::uint32_t entries) noexcept {
    limit_.set(static_cast<std::uint16_t>(entries));
  }
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
    std::ranges::copy(kept, entries_);
    top_.set(top().word - count);
    low_water_.set(std::min(low_water_.get(), top().fill()));
  }

  /// For the owner, while nobody counts: as it was at first, but for the limit.
  void clear() noexcept {
    top_.set(0);
    low_water_.set(0);
  }

  [[nodiscard]] std::uint32_t fill() const noexcept { return top().fill(); }

  /// The least fill since the last mark_low_water().
  [[nodiscard]] std::uint32_t low_water() const noexcept { return low_water_.get(); }
  void mark_low_water() noexcept { low_water_.set(top().fill()); }

 private:
  static constexpr int kSumShift = 16;

  Gauge<std::uint64_t> top_;
  Gauge<std::uint16_t> limit_;
  Gauge<std::uint16_t> low_water_;
  Entry entries_[kMostEntries];
};

}  // namespace bufferpool::detail
