// Locks for what is off every hot path. fork() waits for them, so that a child finds whole what they guard, and
// none of them held by a thread that it does not have.
#pragma once

#include <cstdint>
#include <mutex>

namespace bufferpool::detail {

/// One of a few that everybody shares: who holds one takes no other.
[[nodiscard]] std::mutex& fork_mutex(std::uint64_t number) noexcept;

}  // namespace bufferpool::detail
