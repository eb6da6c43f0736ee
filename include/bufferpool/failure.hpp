// What happens when a caller breaks a contract, or asks for what cannot be had.
// Misuse is reported through one replaceable handler and ends the process in every build; a request
// that cannot be met throws, or, in a build without exceptions, is reported the same way.
#pragma once

#include <cstdint>

namespace bufferpool {

/// Receives one line that says what happened, to which pool and slot, and what to do. It may log and
/// must not return to the caller of the pool: if it returns, the process is aborted. It may throw
/// only where the failing function is not noexcept (deallocation is).
using FailureHandler = void (*)(const char* message);

/// Replaces the handler (nullptr: the default, which writes the line to standard error) and returns
/// the one before. Thread-safe.
FailureHandler set_failure_handler(FailureHandler handler) noexcept;

namespace detail {

/// Formats as printf does, reports, aborts. Allocates nothing; a line is cut at 512 bytes.
[[noreturn]] [[gnu::cold]] [[gnu::format(printf, 1, 2)]] void fail(const char* format, ...);

/// For %llu, whichever type std::uint64_t is.
[[nodiscard]] constexpr unsigned long long printable(std::uint64_t number) noexcept {
  return number;
}

[[noreturn]] [[gnu::cold]] void throw_bad_alloc();
[[noreturn]] [[gnu::cold]] void throw_bad_array_new_length();
/// `what` names the option that is wrong and what is allowed.
[[noreturn]] [[gnu::cold]] void throw_invalid_argument(const char* what);

}  // namespace detail
}  // namespace bufferpool
