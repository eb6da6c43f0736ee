// An array of caches, of which each thread owns one while it runs.
//
// Cache i carries the ticket of its owner. When that thread has ended, whoever writes a ticket of its own
// over the old one owns the cache with all that is left in it: the next thread with that index, or any
// thread that collects. So a pool's end needs the help of no thread, and a thread's end of no pool.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "bufferpool/live_count.hpp"
#include "bufferpool/thread_ticket.hpp"

namespace bufferpool::detail {

/// `Cache` has an OwnerWord `owner`; memory of zeros is nobody's and empty.
template <class Cache>
class ThreadOwned {
 public:
  ThreadOwned(Cache* caches, std::uint32_t count) noexcept
      : number_(count != 0 ? next_array_number() : 0), caches_(caches), count_(count) {}

  /// False: there are none, for any thread.
  [[nodiscard]] bool has_any() const noexcept { return count_ != 0; }

  /// This thread's, or nullptr. Two thread-local loads and a compare.
  [[nodiscard]] Cache* mine() const noexcept {
    // A shortcut was written by the owner, which it stays as long as it runs.
    const auto [mine, array] = this_thread_shortcuts.read(number_);
    return array == number_ ? static_cast<Cache*>(mine) : find_mine();
  }

  /// Where there are caches: mine(), or nullptr if it is not found at once. Makes no call, so that a hot
  /// path needs no stack.
  [[nodiscard]] Cache* mine_at_once() const noexcept {
    const auto [mine, array] = this_thread_shortcuts.read(number_);
    if (array != number_) [[unlikely]] {
      return nullptr;
    }
    if (mine == nullptr) __builtin_unreachable();  // number 0 is an array of nothing
    return static_cast<Cache*>(mine);
  }

  /// mine(), or one that nobody's running thread owns and that is this thread's from now on, with what
  /// an ended thread left in it; nullptr if there is none.
  [[nodiscard]] Cache* claim() noexcept {
    if (Cache* const own = mine()) return own;
    const std::uint64_t ticket = claim_ticket();
    const std::uint32_t index = index_of_ticket(ticket);
    if (index >= count_) return nullptr;
    Cache& own = caches_[index];
    const std::uint64_t before = own.owner.get();
    if (before != 0 && is_ticket_in_use(before)) return nullptr;  // somebody is emptying it
    if (!own.owner.claim(before, ticket)) return nullptr;         // or has begun to
    if (before == 0) in_use_.add(1);
    end_.raise(index + 1);
    return &own;
  }

  /// Calls empty(cache) for the cache of every ended thread; then it is nobody's.
  template <class Empty>
  void collect_ended(Empty&& empty) noexcept {
    for (Cache& idle : ever_used()) {
      const std::uint64_t before = idle.owner.get();
      if (before == 0 || is_ticket_in_use(before)) continue;
      if (!idle.owner.claim(before, kCollectorTicket)) continue;
      empty(idle);
      idle.owner.release(0);
      in_use_.subtract(1);
    }
  }

  /// Caches with an owner, ended ones included that nobody has collected.
  [[nodiscard]] std::uint64_t in_use() const noexcept { return in_use_.get(); }
  /// Threads that share what all have: in_use(), but at least 1.
  [[nodiscard]] std::uint64_t sharers() const noexcept {
    return std::max<std::uint64_t>(1, in_use());
  }

  [[nodiscard]] std::span<Cache> ever_used() const noexcept { return {caches_, end_.get()}; }

 private:
  [[gnu::noinline]] Cache* find_mine() const noexcept {
    const std::uint64_t ticket = this_thread_ticket;
    const std::uint32_t index = index_of_ticket(ticket);
    if (index >= count_ || !caches_[index].owner.is(ticket)) return nullptr;
    this_thread_shortcuts.write(&caches_[index], number_);
    return &caches_[index];
  }

  const std::uint64_t number_;
  Cache* caches_;
  std::uint32_t count_;
  Tally in_use_;
  Tally end_;  // caches from here on were never used
};

}  // namespace bufferpool::detail
