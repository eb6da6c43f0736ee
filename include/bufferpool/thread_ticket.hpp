// A ticket for every running thread that uses a pool: a number that is never used twice, whose low bits
// are a small index, the lowest that no other running thread has.
//
// Invariant: magazine i of a pool belongs to the thread whose ticket it carries. When that thread has
// ended, which is for ever, whoever writes a ticket of its own over the old one owns the magazine.
#pragma once

#include <cstdint>

namespace bufferpool::detail {

/// Threads beyond so many at one time work on the bitmap directly: correct, but slower.
inline constexpr std::uint32_t kThreadIndices = 256;

/// No thread's ticket. Its index is above every magazine's.
inline constexpr std::uint64_t kNoTicket = 0xFFFF;

/// Whoever empties a magazine whose owner has ended owns it by this ticket, which is always in use.
inline constexpr std::uint64_t kCollectorTicket = 0xFFFE;

[[nodiscard]] constexpr std::uint32_t index_of_ticket(std::uint64_t ticket) noexcept {
  return static_cast<std::uint32_t>(ticket & 0xFFFF);
}

/// This thread's, or kNoTicket. One load: initial-exec, so that no call is made for it in a shared
/// library either.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local std::uint64_t this_thread_ticket;

/// Gives this thread a ticket if an index is free, and returns it or kNoTicket. A thread whose
/// thread-local objects are being destroyed gets none any more.
[[gnu::cold]] std::uint64_t claim_ticket() noexcept;

/// False: the thread with this ticket has ended, and all that it did to its magazines is seen.
[[nodiscard]] bool is_ticket_in_use(std::uint64_t ticket) noexcept;

inline constexpr std::uint64_t kThreadShortcuts = 16;

/// The number of an array, by a serial number that no other has: with the number it says which of a thread's
/// shortcuts is its own. Number 0 stands for an array of nothing: no other uses shortcut 0.
[[nodiscard]] constexpr std::uint64_t array_number(std::uint64_t serial) noexcept {
  return serial << 8 | serial % kThreadShortcuts;
}
[[nodiscard]] constexpr std::uint8_t shortcut_of(std::uint64_t array) noexcept {
  return static_cast<std::uint8_t>(array);
}
static_assert(kThreadShortcuts <= 256);

/// No array's number: the thread is about to write the shortcut.
inline constexpr std::uint64_t kBeingWritten = kThreadShortcuts;

/// Where a thread found its own things last time, so that it finds them at once: in the arrays with these
/// numbers, which are never used again. A shortcut is never followed when the array is gone.
///
/// A signal handler may come between any two accesses, write a shortcut for an array of its own, not the thread's,
/// and return. So whoever reads one reads the thing first: if it changed since, the number did. And whoever writes one
/// marks it first: a handler that finds the mark goes without the shortcut.
struct ThreadShortcuts {
  struct Shortcut {
    void* thing;
    std::uint64_t array;
  };

  [[nodiscard, gnu::always_inline]] Shortcut read(std::uint64_t array) const noexcept {
    std::uint64_t shortcut = shortcut_of(array);
    void* thing = things[shortcut];
    // The compiler reads the array behind this, and can compare with memory, which it cannot if it is volatile.
    __asm__("" : "+r"(thing), "+r"(shortcut));
    return {thing, arrays[shortcut]};
  }

  void write(void* thing, std::uint64_t array) noexcept {
    volatile std::uint64_t& number = arrays[shortcut_of(array)];
    if (number == kBeingWritten) return;
    number = kBeingWritten;
    static_cast<void* volatile&>(things[shortcut_of(array)]) = thing;
    number = array;
  }

  std::uint64_t arrays[kThreadShortcuts];
  void* things[kThreadShortcuts];
};

[[gnu::tls_model(
    "initial-exec")]] extern constinit thread_local ThreadShortcuts this_thread_shortcuts;

/// A number for an array, never returned before.
[[nodiscard]] std::uint64_t next_array_number() noexcept;

}  // namespace bufferpool::detail
