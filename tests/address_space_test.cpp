// A process that may map no more memory.
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <new>

#include <gtest/gtest.h>

#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/pool_resource.hpp"
#include "support/bytes.hpp"
#include "support/sanitizers.hpp"
#include "support/slots.hpp"

namespace bufferpool::test {
namespace {

std::uint64_t mapped_bytes() {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

template <class Make>
bool is_refused(const Make& make) {
  try {
    make();
  } catch (const std::bad_alloc&) {
    return true;
  }
  return false;
}

[[noreturn]] void use_pools_without_address_space() {
  constexpr std::size_t kGiB = std::size_t{1} << 30;
  SlotPool small({.slot_bytes = 4096, .slots = 1024});
  const SlotPool large(
      {.slots = 4 * kGiB / (64 * 1024)});  // a resource on it needs a GiB of its own
  BufferPool buffer(small);
  append(buffer, "half a message");
  const std::uint64_t most = mapped_bytes() + kGiB / 4;
  const rlimit limit{most, most};
  if (::setrlimit(RLIMIT_AS, &limit) != 0) std::_Exit(2);
  bool good = is_refused([] { SlotPool({.slots = kGiB / (64 * 1024)}); });
  good &= is_refused([] { SlotPool({.slots = 16, .alignment = kGiB}); });
  good &= is_refused([&] { PoolResource{large}; });
  good &= is_refused([&] { buffer = BufferPool(kGiB); });
  good &= text_of(buffer.freeze()) == "half a message";
  buffer.release_idle();
  good &= has_every_slot_once(small);
  PoolResource memory(small);
  memory.deallocate(memory.allocate(100), 100);
  if (good) std::fputs("each was refused\n", stderr);
  std::_Exit(good ? 0 : 1);
}

TEST(AddressSpaceDeathTest, that_is_used_up_is_bad_alloc_and_changes_nothing) {
  if (kAddressSanitizer || kThreadSanitizer) {
    GTEST_SKIP() << "a sanitizer maps memory for itself, and would be refused it";
  }
  EXPECT_EXIT(use_pools_without_address_space(), ::testing::ExitedWithCode(0), "each was refused");
}

}  // namespace
}  // namespace bufferpool::test
