#include "bufferpool/thread_ticket.hpp"

#include "bufferpool/atomic_bitmap.hpp"
#include "bufferpool/live_count.hpp"

namespace bufferpool::detail {
namespace {

constinit Atomic<bits::Word> index_words[AtomicBitmap::words_for(kThreadIndices)];

/// The ticket in use of each index; 0: none.
constinit OwnerWord tickets[kThreadIndices];

constinit Atomic<std::uint64_t> next_serial{1};
constinit Atomic<std::uint64_t> next_array{1};

/// The bitmap of indices in use.
AtomicBitmap indices() noexcept { return {index_words, {}, kThreadIndices}; }

/// Gives the ticket up when the thread ends.
struct ThreadEnd {
  bool* ended;
  ~ThreadEnd() {
    *ended = true;
    const std::uint64_t ticket = this_thread_ticket;
    this_thread_ticket = kNoTicket;
    for (auto& array : this_thread_shortcuts.arrays) array = 0;
    if (ticket == kNoTicket) return;
    tickets[index_of_ticket(ticket)].release(0);
    static_cast<void>(indices().give_range(index_of_ticket(ticket), 1));  // true: it was ours
  }
};

constinit thread_local bool this_thread_ended = false;

}  // namespace

constinit thread_local std::uint64_t this_thread_ticket = kNoTicket;
constinit thread_local ThreadShortcuts this_thread_shortcuts = {};

std::uint64_t next_array_number() noexcept {
  std::uint64_t serial = 0;
  while (serial % kThreadShortcuts == 0) serial = next_array.fetch_add(1);
  return array_number(serial);
}

std::uint64_t claim_ticket() noexcept {
  if (this_thread_ticket != kNoTicket || this_thread_ended) return this_thread_ticket;
  const AtomicBitmap::Claim claim = indices().take(1);
  if (claim.mask == 0) return kNoTicket;
  static thread_local const ThreadEnd thread_end{&this_thread_ended};
  const std::uint64_t index = claim.lowest();
  this_thread_ticket = next_serial.fetch_add(1) << 16 | index;
  tickets[index].release(this_thread_ticket);
  return this_thread_ticket;
}

bool is_ticket_in_use(std::uint64_t ticket) noexcept {
  return ticket == kCollectorTicket || tickets[index_of_ticket(ticket)].get() == ticket;
}

}  // namespace bufferpool::detail
