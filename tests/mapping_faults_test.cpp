// The k-th mapping that the library asks the system for is refused, for every k until a run makes no further
// one: std::bad_alloc, nothing has changed, nothing stays mapped. The same for each time that it asks for
// access to what is mapped, or for pages anew. This program has its own mmap, mprotect, munmap and madvise
// for that.
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <new>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/pool_resource.hpp"
#include "support/bytes.hpp"
#include "support/fault_containers.hpp"
#include "support/sanitizers.hpp"
#include "support/secret.hpp"
#include "support/slots.hpp"

namespace {

/// Of this thread, so that nobody else's are counted.
thread_local bool counts_requests = false;
thread_local std::uint64_t requests = 0;
thread_local std::uint64_t refuse_at = 0;  // 0: none is
thread_local std::size_t mapped_bytes = 0;

bool is_refused() { return counts_requests && ++requests == refuse_at; }

}  // namespace

// By their system calls, as the C library's are what is replaced.
extern "C" void* mmap(void* at, std::size_t bytes, int protection, int flags, int file,
                      off_t offset) noexcept {
  if (is_refused()) {
    errno = ENOMEM;
    return MAP_FAILED;
  }
  const long mapped = ::syscall(SYS_mmap, at, bytes, protection, flags, file, offset);
  if (mapped == -1) return MAP_FAILED;
  if (counts_requests) mapped_bytes += bytes;
  return reinterpret_cast<void*>(mapped);  // NOLINT(performance-no-int-to-ptr)
}
extern "C" int mprotect(void* at, std::size_t bytes, int protection) noexcept {
  if (is_refused()) {
    errno = ENOMEM;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_mprotect, at, bytes, protection));
}
extern "C" int madvise(void* at, std::size_t bytes, int advice) noexcept {
  if (is_refused()) {
    errno = ENOMEM;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_madvise, at, bytes, advice));
}
extern "C" int munmap(void* at, std::size_t bytes) noexcept {
  if (counts_requests) mapped_bytes -= bytes;
  return static_cast<int>(::syscall(SYS_munmap, at, bytes));
}

namespace bufferpool::test {
namespace {

/// Requests are counted while there is one.
class RefusedMapping {
 public:
  explicit RefusedMapping(std::uint64_t call) {
    requests = mapped_bytes = 0;
    refuse_at = call;
    counts_requests = true;
  }
  RefusedMapping(const RefusedMapping&) = delete;
  RefusedMapping& operator=(const RefusedMapping&) = delete;
  ~RefusedMapping() { counts_requests = false; }
};

/// Calls run(k), which returns how often something threw, until nothing does. Returns the number of requests
/// of a run.
template <class Run>
std::uint64_t refuse_every(const Run& run) {
  for (std::uint64_t k = 1;; ++k) {
    SCOPED_TRACE(::testing::Message() << "request " << k << " is refused");
    const RefusedMapping refused(k);
    const int thrown = run();
    EXPECT_EQ(mapped_bytes, 0U) << "stay mapped";
    if (thrown == 0 || ::testing::Test::HasFailure()) return requests;
    EXPECT_EQ(thrown, 1);
  }
}

/// Again if it threw; before that, `is_as_before` must be true. Returns how often it did.
template <class Operation, class Check>
int attempt(const Operation& operation, const Check& is_as_before) {
  try {
    operation();
    return 0;
  } catch (const std::bad_alloc&) {
    EXPECT_TRUE(is_as_before());
    operation();
    return 1;
  }
}

constexpr SlotPoolOptions kMapped{.slot_bytes = 4096, .slots = 512};  // less comes from the heap

TEST(RefusedMapping, of_a_pool_is_bad_alloc) {
  const std::uint64_t count = refuse_every([] {
    std::optional<SlotPool> pool;
    const int thrown = attempt([&] { pool.emplace(kMapped); }, [&] { return !pool.has_value(); });
    EXPECT_TRUE(has_every_slot_once(*pool));
    return thrown;
  });
  EXPECT_GE(count, 1U);
}

TEST(RefusedMapping, of_a_pool_with_a_large_alignment_is_bad_alloc) {
  const std::uint64_t count = refuse_every([] {
    std::optional<SlotPool> pool;
    const SlotPoolOptions options{.slot_bytes = 4096, .slots = 2, .alignment = 2 << 20};
    const int thrown = attempt([&] { pool.emplace(options); }, [&] { return !pool.has_value(); });
    EXPECT_TRUE(has_every_slot_once(*pool));
    return thrown;
  });
  EXPECT_GE(count, 1U);
}

TEST(RefusedMapping, of_a_resource_leaves_its_pool_as_it_was) {
  std::array<std::byte, 32 * 1024> storage;  // so that the pool needs no mapping
  const std::uint64_t count = refuse_every([&] {
    SlotPool pool({.slot_bytes = 256}, storage);
    std::optional<PoolResource> memory;
    const int thrown = attempt([&] { memory.emplace(pool); },
                               [&] { return !memory.has_value() && has_every_slot_once(pool); });
    memory->deallocate(memory->allocate(100), 100);
    return thrown;
  });
  EXPECT_GE(count, 1U);
}

TEST(RefusedMapping, of_another_buffer_leaves_a_buffer_what_it_fills) {
  std::array<std::byte, 16 * 1024> storage;  // so that the pool needs no mapping
  const std::uint64_t count = refuse_every([&] {
    BufferPool buffer(SlotPool({.slot_bytes = 1024}, storage));
    append(buffer, "half a message");
    const int thrown = attempt([&] { buffer = BufferPool(1 << 20); },
                               [&] { return text_of(buffer.filled()) == "half a message"; });
    EXPECT_EQ(buffer.size(), 0U);
    EXPECT_TRUE(holds_pattern(frozen_pattern(buffer, 100'000, 1), 1));
    return thrown;
  });
  EXPECT_GE(count, 1U);
}

/// For so long a run pages are asked for anew.
TEST(RefusedMapping, of_new_pages_for_a_secret_writes_zeros_instead) {
  if (kThreadSanitizer) GTEST_SKIP() << "what it notes of 256 MiB of writes takes a GiB";
  constexpr std::size_t kBytes = (std::size_t{256} << 20) + 100;
  SlotPool pool({.slot_bytes = kBytes, .slots = 1, .zero_on_release = true});
  auto* const slot = static_cast<std::byte*>(pool.allocate());
  const std::size_t places[] = {0, 4096, kBytes / 2, kBytes - kSecret.size()};
  for (const std::size_t at : places) write_secret(slot + at);
  const RefusedMapping refused(1);
  pool.deallocate(slot);
  EXPECT_EQ(requests, 1U);
  for (const std::size_t at : places) {
    EXPECT_FALSE(contains_secret({slot + at, kSecret.size()})) << at;
  }
}

// --- Containers, while their pool and its neighbours come into being.

template <class Container>
class RefusedMappingOf : public ::testing::Test {};

TYPED_TEST_SUITE(RefusedMappingOf, FaultContainers);

TYPED_TEST(RefusedMappingOf, what_a_container_needs_or_stands_beside_loses_nothing) {
  constexpr int kElements = 120;
  const std::uint64_t count = refuse_every([] {
    const auto nothing_to_lose = [] { return true; };
    int thrown = 0;
    std::optional<SlotPool> pool;
    std::optional<PoolResource> memory;
    std::optional<PoolResource> other;
    std::optional<BufferPool> buffer;
    thrown += attempt([&] { pool.emplace(kMapped); }, nothing_to_lose);
    thrown += attempt([&] { memory.emplace(*pool); }, nothing_to_lose);
    {
      auto container = container_in<TypeParam>(*memory);
      for (int i = 0; i < kElements; ++i) put_into(container, i);
      const auto is_whole = [&] { return holds_numbers_below(container, kElements); };
      thrown += attempt([&] { other.emplace(*pool); }, is_whole);
      thrown += attempt([&] { buffer.emplace(1 << 20); }, is_whole);
      auto copy = container_in<TypeParam>(*other);
      for (int i = 0; i < kElements; ++i) put_into(copy, i);
      EXPECT_TRUE(is_whole() && holds_numbers_below(copy, kElements));
    }
    memory->release();
    other->release();
    EXPECT_TRUE(has_every_slot_once(*pool));
    return thrown;
  });
  EXPECT_GE(count, 4U);
  EXPECT_EQ(Fragile::alive, 0);
}

}  // namespace
}  // namespace bufferpool::test
