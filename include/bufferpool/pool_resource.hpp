// PoolResource: a SlotPool as a std::pmr::memory_resource, for blocks of any size and alignment.
//
// Any thread may allocate, and any other may deallocate what it allocated; there is one class, as it is
// fast where threads share it. The same SlotPool serves BufferPools, and other resources, at the same time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <mutex>
#include <new>

#include "bufferpool/block_heap.hpp"
#include "bufferpool/block_stats.hpp"
#include "bufferpool/slot_pool.hpp"

namespace bufferpool {

struct PoolResourceOptions {
  /// Longer blocks come from upstream, however much is free in the pool. Rounded up to the length of a
  /// size class, if one has blocks so long.
  std::size_t most_pooled_bytes = PTRDIFF_MAX;

  /// So many slots of the pool are written to at construction, so that the system has committed their
  /// memory before the first request. Never more than are free.
  std::uint64_t precommit_slots = 0;
};

class PoolResource final : public std::pmr::memory_resource {
 public:
  /// Takes nothing from the pool and nothing from upstream; maps its bookkeeping lazily, beside the pool.
  /// Throws std::bad_alloc when the system refuses that, std::invalid_argument where the slots are
  /// aligned to less than 16 bytes, or the pool was moved from.
  explicit PoolResource(SlotPool pool, const PoolResourceOptions& options = {});

  PoolResource(const PoolResource&) = delete;
  PoolResource& operator=(const PoolResource&) = delete;

  /// Gives all memory back to the pool and to upstream, also of blocks that are held. No other thread may
  /// be in a call.
  ~PoolResource() override = default;

  /// As the destructor; the resource is as new, but for its statistics.
  void release() noexcept { heap_.release_all(); }

  /// The pool's: serves what does not fit. Called with the same size and alignment for a block's end as
  /// for its beginning.
  [[nodiscard]] std::pmr::memory_resource* upstream_resource() const noexcept {
    return heap_.pool().upstream_resource();
  }
  [[nodiscard]] const PoolResourceOptions& options() const noexcept { return options_; }
  [[nodiscard]] const SlotPool& pool() const noexcept { return heap_.pool(); }

  /// True for addresses in slots that this resource holds; false for upstream's blocks.
  [[nodiscard]] bool owns(const void* address) const noexcept { return heap_.owns(address); }

  /// O(threads that ever used it).
  [[nodiscard]] PoolResourceStats stats() const noexcept { return heap_.stats(); }

  /// For the allocators of this library.
  [[nodiscard]] detail::BlockHeap& heap() noexcept { return heap_; }

  /// For boost_resource(): an Adapter(*this) that lives in here, made by the first call. There may be one
  /// type of it.
  template <class Adapter>
  [[nodiscard]] Adapter& adapter() {
    static_assert(sizeof(Adapter) <= kAdapterBytes && alignof(Adapter) <= alignof(void*));
    std::call_once(adapter_is_made_,
                   [this] { ::new (static_cast<void*>(adapter_)) Adapter(*this); });
    return *std::launder(reinterpret_cast<Adapter*>(adapter_));
  }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override;
  [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }
  // With the arguments of do_allocate() and do_deallocate(), which keep them where they are for a last jump.
  [[gnu::noinline]] void* allocate_slowly(std::size_t bytes, std::size_t alignment);
  [[gnu::noinline]] void deallocate_slowly(void* block, std::size_t bytes, std::size_t alignment);

  static constexpr std::size_t kAdapterBytes = 2 * sizeof(void*);

  detail::BlockHeap heap_;
  PoolResourceOptions options_;
  std::once_flag adapter_is_made_;
  alignas(void*) std::byte adapter_[kAdapterBytes];  // its destructor would do nothing
};

}  // namespace bufferpool
