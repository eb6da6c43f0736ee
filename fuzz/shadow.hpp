// AddressSanitizer keeps what it knew about memory that is unmapped by now: of one pool's slots a little, of
// those of a million pools, each elsewhere, more than the machine has. Empty in other builds.
#pragma once

#include <cstddef>
#include <cstdint>

#include <bufferpool/slot_pool.hpp>

#if defined(__SANITIZE_ADDRESS__)
#define FUZZ_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FUZZ_ASAN 1
#endif
#endif

#if defined(FUZZ_ASAN)
#include <sanitizer/asan_interface.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace fuzz {

#if defined(FUZZ_ASAN)
inline void forget_shadow(std::uintptr_t address, std::size_t bytes) noexcept {
  std::size_t scale = 0;
  std::size_t offset = 0;
  __asan_get_shadow_mapping(&scale, &offset);
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t begin = ((address >> scale) + offset + page - 1) / page * page;
  const std::size_t end = (((address + bytes) >> scale) + offset) / page * page;
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}
#else
inline void forget_shadow(std::uintptr_t, std::size_t) noexcept {}
#endif

/// Of a pool's slots. Made while the pool lives, destroyed when it is gone.
class Shadow {
 public:
  explicit Shadow(const bufferpool::SlotPool& pool) noexcept
      : address_(reinterpret_cast<std::uintptr_t>(pool.core().address_of(0))),
        bytes_(pool.slots() * pool.slot_bytes()) {}
  Shadow(const Shadow&) = delete;
  Shadow& operator=(const Shadow&) = delete;
  ~Shadow() {
    if (bytes_ >= kLeastMappedBytes) forget_shadow(address_, bytes_);
  }

 private:
  static constexpr std::size_t kLeastMappedBytes = 1024 * 1024;  // smaller pools are on the heap

  std::uintptr_t address_;
  std::size_t bytes_;
};

}  // namespace fuzz

#undef FUZZ_ASAN
