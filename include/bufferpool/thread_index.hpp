// A small number for every thread that uses a pool, lowest free first, given back when the thread ends.
//
// Invariant: whoever holds index i owns magazine i of every pool. The next holder of the index, a new
// thread or one that collects what ended threads left, finds the magazines as they were left.
#pragma once

#include <cstdint>

namespace bufferpool::detail {

/// Threads beyond so many at one time work on the bitmap directly: correct, but slower.
inline constexpr std::uint32_t kThreadIndices = 256;

/// Stands for "none"; larger than every index.
inline constexpr std::uint32_t kNoThreadIndex = ~std::uint32_t{0};

/// This thread's index, or kNoThreadIndex. One load: initial-exec, so that no call is made for it in
/// a shared library either.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local std::uint32_t this_thread_index;

/// Gives this thread an index if one is free, and returns it or kNoThreadIndex. A thread whose
/// thread-local objects are being destroyed gets none any more.
[[gnu::cold]] std::uint32_t claim_thread_index() noexcept;

/// True: nobody held `index`, and the caller now does until leave_thread_index().
[[nodiscard]] bool adopt_thread_index(std::uint32_t index) noexcept;
void leave_thread_index(std::uint32_t index) noexcept;

/// A snapshot, for statistics.
[[nodiscard]] bool is_thread_index_held(std::uint32_t index) noexcept;

}  // namespace bufferpool::detail
