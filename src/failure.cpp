#include "bufferpool/failure.hpp"

#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>

#include "bufferpool/atomic.hpp"

namespace bufferpool {
namespace {

void write_to_standard_error(const char* message) {
  // write(), not stdio: the heap or a lock may be what is broken.
  const char* rest = message;
  for (std::size_t bytes = std::strlen(message); bytes != 0;) {
    const ssize_t written = ::write(STDERR_FILENO, rest, bytes);
    if (written <= 0) return;
    rest += written;
    bytes -= static_cast<std::size_t>(written);
  }
}

constinit Atomic<FailureHandler> failure_handler{&write_to_standard_error};

}  // namespace

FailureHandler set_failure_handler(FailureHandler handler) noexcept {
  return failure_handler.exchange(handler != nullptr ? handler : &write_to_standard_error);
}

namespace detail {

void fail(const char* format, ...) {
  char message[512];
  va_list arguments;
  va_start(arguments, format);
  const int length = std::vsnprintf(message, sizeof message - 1, format, arguments);
  va_end(arguments);
  const auto end = length < 0 ? std::size_t{0} : std::strlen(message);
  message[end] = '\n';
  message[end + 1] = '\0';
  failure_handler.load()(message);
  std::abort();
}

#if defined(__cpp_exceptions)
void throw_bad_alloc() { throw std::bad_alloc(); }
void throw_bad_array_new_length() { throw std::bad_array_new_length(); }
void throw_invalid_argument(const char* what) { throw std::invalid_argument(what); }
#else
void throw_bad_alloc() {
  fail("bufferpool: out of memory; give the pool more slots or an upstream");
}
void throw_bad_array_new_length() { fail("bufferpool: a size overflows; ask for less"); }
void throw_invalid_argument(const char* what) { fail("%s", what); }
#endif

}  // namespace detail
}  // namespace bufferpool
