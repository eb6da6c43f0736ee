// The source itself, not its header: a thread's end, and what is reset between schedules, are private to it.
#include "fibre_tickets.hpp"

#include <array>

#include "clock.hpp"
#include "thread_ticket.cpp"

namespace bufferpool::model {
namespace {

struct Locals {
  std::uint64_t ticket = detail::kNoTicket;
  bool has_ended = false;
  detail::ThreadShortcuts shortcuts{};
};

std::array<Locals, kMostThreads + 1> all_locals;

/// Between two schedules nothing runs: these are plain stores.
void reset() {
  all_locals = {};
  for (auto& word : detail::index_words) word.store(0);
  for (auto& ticket : detail::tickets) ticket.release(0);
  detail::next_serial.store(1);
  detail::next_array.store(1);
}

void leave(unsigned thread) {
  Locals& own = all_locals[thread];
  own.ticket = detail::this_thread_ticket;
  own.has_ended = detail::this_thread_ended;
  own.shortcuts = detail::this_thread_shortcuts;
}

void enter(unsigned thread) {
  const Locals& own = all_locals[thread];
  detail::this_thread_ticket = own.ticket;
  detail::this_thread_ended = own.has_ended;
  detail::this_thread_shortcuts = own.shortcuts;
}

}  // namespace

void keep_tickets_apart() { use_fibre_locals({reset, leave, enter}); }

void run_beside(unsigned threads) {
  for (unsigned i = 0; i < threads; ++i) {
    static_cast<void>(detail::claim_ticket());
    detail::this_thread_ticket = detail::kNoTicket;
  }
}

void end_this_thread() { const detail::ThreadEnd end{&detail::this_thread_ended}; }

}  // namespace bufferpool::model
