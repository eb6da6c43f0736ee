// Tells AddressSanitizer or Valgrind which bytes nobody may touch, and overwrites them in a hardened
// build; empty in other builds. Thread safety: the caller owns the bytes.
#pragma once

#include <cstddef>
#include <cstring>

#if defined(__SANITIZE_ADDRESS__)
#define BUFFERPOOL_DETAIL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BUFFERPOOL_DETAIL_ASAN 1
#endif
#endif

#if defined(BUFFERPOOL_DETAIL_ASAN)
#include <sanitizer/asan_interface.h>
#elif defined(BUFFERPOOL_VALGRIND)
#include <valgrind/memcheck.h>
#endif

namespace bufferpool::annotate {

#if defined(BUFFERPOOL_DETAIL_ASAN)
inline constexpr bool kEnabled = true;
inline void poison(const void* at, std::size_t bytes) noexcept {
  ASAN_POISON_MEMORY_REGION(at, bytes);
}
inline void unpoison(const void* at, std::size_t bytes) noexcept {
  ASAN_UNPOISON_MEMORY_REGION(at, bytes);
}
#elif defined(BUFFERPOOL_VALGRIND)
inline constexpr bool kEnabled = true;
inline void poison(const void* at, std::size_t bytes) noexcept {
  VALGRIND_MAKE_MEM_NOACCESS(at, bytes);
}
inline void unpoison(const void* at, std::size_t bytes) noexcept {
  VALGRIND_MAKE_MEM_UNDEFINED(at, bytes);
}
#else
inline constexpr bool kEnabled = false;
inline void poison(const void*, std::size_t) noexcept {}
inline void unpoison(const void*, std::size_t) noexcept {}
#endif

#if defined(BUFFERPOOL_HARDENED)
inline constexpr bool kHardened = true;
#else
inline constexpr bool kHardened = false;
#endif

/// What memory reads as, in a hardened build, once its holder has given it back.
inline constexpr unsigned char kGivenBack = 0xDD;

/// In a hardened build: what a holder left in the bytes is nobody's business from now on.
inline void scrub(void* at, std::size_t bytes) noexcept {
  if constexpr (kHardened) {
    unpoison(at, bytes);  // slices in a chunk are retired before it is
    if (bytes != 0) std::memset(at, kGivenBack, bytes);
  }
}

/// The holder gives the bytes back.
inline void retire(void* at, std::size_t bytes) noexcept {
  scrub(at, bytes);
  poison(at, bytes);
}

}  // namespace bufferpool::annotate

#undef BUFFERPOOL_DETAIL_ASAN
