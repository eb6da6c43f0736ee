// Tells AddressSanitizer or Valgrind which bytes nobody may touch, and overwrites them in a hardened
// build; empty in other builds. In a hardened build free memory reads as zero: what was never used does,
// and what was given back has been overwritten. Thread safety: the caller owns the bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
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

#if defined(BUFFERPOOL_HARDENED)
inline constexpr bool kHardened = true;
struct Hardened {};
using Hardness = Hardened;
#else
inline constexpr bool kHardened = false;
struct NotHardened {};
using Hardness = NotHardened;
#endif

#if defined(BUFFERPOOL_DETAIL_ASAN)
struct ForAddressSanitizer {};
using Watcher = ForAddressSanitizer;
#elif defined(BUFFERPOOL_VALGRIND)
struct ForValgrind {};
using Watcher = ForValgrind;
#else
struct ForNoChecker {};
using Watcher = ForNoChecker;
#endif

/// Does nothing. What marks memory, and looks at the marks, is in the headers and in the library: where the two are not
/// built alike, the linker finds no such function.
void the_library_must_be_built(Hardness, Watcher) noexcept;
[[gnu::used]] inline constexpr auto* kBuiltAlike = &the_library_must_be_built;

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
  if constexpr (kHardened) {
    VALGRIND_MAKE_MEM_DEFINED(at, bytes);  // it reads as zero, and is looked at
  } else {
    VALGRIND_MAKE_MEM_UNDEFINED(at, bytes);
  }
}
#else
inline constexpr bool kEnabled = false;
inline void poison(const void*, std::size_t) noexcept {}
inline void unpoison(const void*, std::size_t) noexcept {}
#endif

/// unpoison() for bytes of which some are in use, and keep what they hold.
inline void unpoison_more(const void* at, std::size_t bytes) noexcept {
#if defined(BUFFERPOOL_VALGRIND)
  VALGRIND_MAKE_MEM_DEFINED(at, bytes);
#else
  unpoison(at, bytes);
#endif
}

/// poison() for bytes between those of other threads. AddressSanitizer marks 8 bytes at once; those that the
/// bytes share with a neighbour stay as they are, as two threads would change the mark at once.
inline void poison_inside(const void* at, std::size_t bytes) noexcept {
#if defined(BUFFERPOOL_DETAIL_ASAN)
  constexpr std::size_t kUnit = 8;
  const std::size_t lead = (kUnit - reinterpret_cast<std::uintptr_t>(at) % kUnit) % kUnit;
  if (bytes < lead + kUnit) return;
  poison(static_cast<const std::byte*>(at) + lead, (bytes - lead) / kUnit * kUnit);
#else
  poison(at, bytes);
#endif
}

/// What a holder left in the bytes is nobody's business from now on.
inline void zero(void* at, std::size_t bytes) noexcept {
  if (bytes != 0) std::memset(at, 0, bytes);
  __asm__ volatile("" : : "r"(at) : "memory");  // not left out, though the memory may be freed next
}

/// zero(), in a hardened build or where `zeroes`.
inline void scrub(void* at, std::size_t bytes, bool zeroes) noexcept {
  if (kHardened || zeroes) zero(at, bytes);
}

/// The holder of a block gives it back; not all of it was asked for.
inline void retire(void* at, std::size_t bytes, bool zeroes = false) noexcept {
  if (kHardened || zeroes) {
    unpoison(at, bytes);
    zero(at, bytes);
  }
  poison(at, bytes);
}

/// Where the first byte is that is not zero; `bytes`, if there is none.
[[nodiscard]] inline std::size_t find_written(const void* at, std::size_t bytes) noexcept {
  const auto* const begin = static_cast<const std::byte*>(at);
  if (bytes == 0) return 0;
  // Every byte is its predecessor's equal: as fast as memory is read.
  if (*begin == std::byte{0} && std::memcmp(begin, begin + 1, bytes - 1) == 0) return bytes;
  const auto* const found =
      std::find_if(begin, begin + bytes, [](std::byte byte) { return byte != std::byte{0}; });
  return static_cast<std::size_t>(found - begin);
}

}  // namespace bufferpool::annotate

#undef BUFFERPOOL_DETAIL_ASAN
