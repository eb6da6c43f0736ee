// The one name by which the library calls its atomics, so that a checker of interleavings can put
// its own type in their place and run the very code that ships.
#pragma once

#if defined(BUFFERPOOL_MODEL)
#include <bufferpool_model/atomic.hpp>
#else
#include <atomic>

namespace bufferpool {

template <class T>
using Atomic = std::atomic<T>;

}  // namespace bufferpool
#endif
