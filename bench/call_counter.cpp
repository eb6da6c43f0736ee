#include "call_counter.hpp"

#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <cstddef>

namespace {

constinit std::atomic<std::uint64_t> allocations = 0;
constinit std::atomic<std::uint64_t> locks = 0;

using Lock = int (*)(pthread_mutex_t*);

Lock real_lock() noexcept {
  static constinit std::atomic<Lock> found = nullptr;
  if (found == nullptr) found = reinterpret_cast<Lock>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
  return found;
}

}  // namespace

namespace seed_bench {

Calls calls_so_far() noexcept { return {allocations, locks}; }

}  // namespace seed_bench

extern "C" {

// What glibc's own malloc and so on are called under the names that are replaced here.
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t bytes) noexcept {
  ++allocations;
  return __libc_malloc(bytes);
}

void* calloc(std::size_t count, std::size_t bytes) noexcept {
  ++allocations;
  return __libc_calloc(count, bytes);
}

void* realloc(void* old, std::size_t bytes) noexcept {
  ++allocations;
  return __libc_realloc(old, bytes);
}

void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  ++allocations;
  return __libc_memalign(alignment, bytes);
}

int posix_memalign(void** result, std::size_t alignment, std::size_t bytes) noexcept {
  ++allocations;
  *result = __libc_memalign(alignment, bytes);
  return *result == nullptr ? ENOMEM : 0;
}

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  ++locks;
  return real_lock()(mutex);
}
}
