// For a test that looks at memory that is out of bounds for everybody else.
#pragma once

#if defined(BUFFERPOOL_VALGRIND)
#include <valgrind/memcheck.h>
#endif

namespace bufferpool::test {

/// While it lives, Valgrind does not report what this thread reads. (AddressSanitizer is told by an attribute of the
/// function that looks.)
class Unwatched {
 public:
#if defined(BUFFERPOOL_VALGRIND)
  Unwatched() noexcept { VALGRIND_DISABLE_ERROR_REPORTING; }
  ~Unwatched() { VALGRIND_ENABLE_ERROR_REPORTING; }
#else
  Unwatched() noexcept {}
#endif
  Unwatched(const Unwatched&) = delete;
  Unwatched& operator=(const Unwatched&) = delete;
};

}  // namespace bufferpool::test
