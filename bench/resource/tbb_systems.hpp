// oneTBB's heap, and its pool that lets go of all its memory at once, for which
// TBB_PREVIEW_MEMORY_POOL must be defined. Both thread-safe.
#pragma once

#include <tbb/memory_pool.h>
#include <tbb/scalable_allocator.h>

#include <cstddef>
#include <memory>
#include <new>

#include "system_list.hpp"

namespace resource_bench {

class TbbScalableMemory {
 public:
  [[nodiscard]] void* allocate(std::size_t bytes) {
    void* const block = scalable_malloc(bytes);
    if (block == nullptr) throw std::bad_alloc();
    return block;
  }
  void deallocate(void* block, std::size_t) { scalable_free(block); }
  template <class T>
  [[nodiscard]] tbb::scalable_allocator<T> allocator() const {
    return {};
  }
};

class TbbScalable {
 public:
  static constexpr const char* name = "tbb_scalable";
  static constexpr bool thread_safe = true;
  static constexpr bool one_size = false;
  explicit TbbScalable(std::size_t) {}
  [[nodiscard]] TbbScalableMemory memory() { return {}; }
};

class TbbPoolMemory {
 public:
  using Pool = tbb::memory_pool<std::allocator<std::byte>>;

  explicit TbbPoolMemory(Pool& pool) : pool_(&pool) {}

  [[nodiscard]] void* allocate(std::size_t bytes) {
    void* const block = pool_->malloc(bytes);
    if (block == nullptr) throw std::bad_alloc();
    return block;
  }
  void deallocate(void* block, std::size_t) { pool_->free(block); }
  template <class T>
  [[nodiscard]] tbb::memory_pool_allocator<T> allocator() const {
    return tbb::memory_pool_allocator<T>(*pool_);
  }

 private:
  Pool* pool_;
};

class TbbPool {
 public:
  static constexpr const char* name = "tbb_pool";
  static constexpr bool thread_safe = true;
  static constexpr bool one_size = false;
  explicit TbbPool(std::size_t) {}
  [[nodiscard]] TbbPoolMemory memory() { return TbbPoolMemory(pool_); }

 private:
  TbbPoolMemory::Pool pool_;
};

using TbbSystems = SystemList<TbbScalable, TbbPool>;

}  // namespace resource_bench
