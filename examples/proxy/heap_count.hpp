// How often the process has asked the heap through operator new. Counted by heap_count.cpp where it is
// linked in; 0 in a build with a sanitizer, which brings an operator new of its own.
#pragma once

#include <atomic>
#include <cstdint>

namespace proxy {

inline std::atomic<std::uint64_t> heap_allocation_count = 0;

inline std::uint64_t heap_allocations() noexcept { return heap_allocation_count; }

}  // namespace proxy
