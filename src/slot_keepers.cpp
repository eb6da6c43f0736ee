#include "bufferpool/slot_keepers.hpp"

#include <pthread.h>

#include <algorithm>
#include <thread>

namespace bufferpool::detail {
namespace {

/// Of fork() and fork(): a child has none of the threads of before but one.
constinit Gauge<std::uint64_t> generation{1};

/// Early, so that it runs before the handlers of the library's users, which may end a resource.
[[maybe_unused]] const int forks_are_counted =
    ::pthread_atfork(nullptr, nullptr, [] { generation.set(generation.get() + 1); });

/// A thread of this process, and what it was forked from; addresses leave so many bits.
constexpr unsigned kGenerationShift = 48;

std::uint64_t generation_of(std::uint64_t thread) noexcept { return thread >> kGenerationShift; }

std::uint64_t this_thread() noexcept {
  static thread_local const char own_address = 0;
  return reinterpret_cast<std::uintptr_t>(&own_address) | generation.get() << kGenerationShift;
}

/// Nobody, or none of this process.
bool is_nobody(std::uint64_t thread, std::uint64_t self) noexcept {
  return thread == 0 || generation_of(thread) != generation_of(self);
}

}  // namespace

/// Who is to be at it afterwards: this thread, if it was before, or nobody.
std::uint64_t SlotKeepers::wait_for_turn() noexcept {
  const std::uint64_t self = this_thread();
  while (true) {
    const std::uint64_t seen = at_it_.get();
    if (seen == self) return self;
    if (is_nobody(seen, self) && at_it_.claim(seen, self)) return 0;
    std::this_thread::yield();
  }
}

void SlotKeepers::add(SlotKeeper& keeper) noexcept {
  const std::uint64_t afterwards = wait_for_turn();
  keeper.next_ = first_;
  first_ = &keeper;
  count_.add(1);
  at_it_.release(afterwards);
}

void SlotKeepers::remove(SlotKeeper& keeper) noexcept {
  const std::uint64_t afterwards = wait_for_turn();
  if (next_asked_ == &keeper) next_asked_ = keeper.next_;
  SlotKeeper** link = &first_;
  while (*link != &keeper) link = &(*link)->next_;
  *link = keeper.next_;
  count_.subtract(1);
  at_it_.release(afterwards);
}

bool SlotKeepers::ask_some(const SlotKeeper* except) noexcept {
  const std::uint64_t self = this_thread();
  const std::uint64_t seen = at_it_.get();
  if (!is_nobody(seen, self) || !at_it_.claim(seen, self)) return false;
  bool found = false;
  for (auto left = std::min(count_.get(), kMostAsked); left != 0 && first_ != nullptr; --left) {
    SlotKeeper& keeper = next_asked_ != nullptr ? *next_asked_ : *first_;
    next_asked_ = keeper.next_;
    if (&keeper != except) found |= keeper.give_back_free();
  }
  at_it_.release(0);
  return found;
}

}  // namespace bufferpool::detail
