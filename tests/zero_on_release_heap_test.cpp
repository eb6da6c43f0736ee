// SlotPoolOptions::zero_on_release, of what is copied to the heap: what goes back there can no longer be read.
#include <malloc.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <span>

#include <gtest/gtest.h>

#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/slot_pool.hpp"
#include "support/secret.hpp"

namespace bufferpool::test {
namespace {

/// What goes back to the heap while it lives.
class HeapWatch {
 public:
  HeapWatch() : blocks_(freed_blocks_.load()), secrets_(freed_secrets_.load()) {}
  [[nodiscard]] std::uint64_t freed_blocks() const { return freed_blocks_ - blocks_; }
  [[nodiscard]] std::uint64_t freed_secrets() const { return freed_secrets_ - secrets_; }

  static void note(void* block) noexcept {
    ++freed_blocks_;
    const std::span bytes(static_cast<std::byte*>(block), ::malloc_usable_size(block));
    if (contains_secret(bytes)) ++freed_secrets_;
  }

 private:
  static inline std::atomic<std::uint64_t> freed_blocks_{0};
  static inline std::atomic<std::uint64_t> freed_secrets_{0};
  std::uint64_t blocks_;
  std::uint64_t secrets_;
};

}  // namespace
}  // namespace bufferpool::test

// The pair that std::pmr::new_delete_resource() calls. Not inlined: gcc would see free() at the end of what
// began with new, and warn.
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
  const auto align = static_cast<std::size_t>(alignment);
  if (void* const block = std::aligned_alloc(align, (bytes / align + 1) * align)) return block;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* block, std::align_val_t) noexcept {
  if (block != nullptr) bufferpool::test::HeapWatch::note(block);
  std::free(block);
}
[[gnu::noinline]] void operator delete(void* block, std::size_t,
                                       std::align_val_t alignment) noexcept {
  operator delete(block, alignment);
}

namespace bufferpool::test {
namespace {

/// None: the heap serves everything. 8 slots have no magazines, 64 have.
class ZeroOnReleaseHeap : public ::testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Slots, ZeroOnReleaseHeap, ::testing::Values(0, 8, 64),
                         ::testing::PrintToStringParamName());

TEST_P(ZeroOnReleaseHeap, a_slice_that_was_copied_to_the_heap) {
  SlotPool pool({.slot_bytes = 4096, .slots = GetParam(), .zero_on_release = true});
  BufferPool buffer(pool);
  write_secret(buffer.fill(kSecret.size()).data());
  Slice secret = buffer.freeze();
  secret = secret.detach();
  const HeapWatch watch;
  secret = {};
  EXPECT_EQ(watch.freed_blocks(), 1U);
  EXPECT_EQ(watch.freed_secrets(), 0U);
}

}  // namespace
}  // namespace bufferpool::test
