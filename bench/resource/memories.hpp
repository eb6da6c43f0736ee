// How a workload reaches a system: as its users do. Handles, cheap to copy, that own nothing. The
// standard's resources and PoolResource share one type, hence the very same machine code around the
// virtual call.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <memory_resource>
#include <new>

#include <benchmark/benchmark.h>
#include <boost/container/pmr/memory_resource.hpp>
#include <boost/container/pmr/polymorphic_allocator.hpp>
#include <boost/pool/pool.hpp>

#include "bufferpool/pool_allocator.hpp"
#include "bufferpool/pool_resource.hpp"

namespace resource_bench {

/// Writes the first 8 bytes, the least that a user of the block would do.
inline void touch(void* block) {
  constexpr std::size_t value = 1;
  std::memcpy(block, &value, sizeof value);
  benchmark::DoNotOptimize(block);
}

template <class Resource, template <class> class PolymorphicAllocator>
class ResourceMemory {
 public:
  explicit ResourceMemory(Resource& resource) : resource_(&resource) {}

  [[nodiscard]] void* allocate(std::size_t bytes) { return resource_->allocate(bytes); }
  void deallocate(void* block, std::size_t bytes) { resource_->deallocate(block, bytes); }
  template <class T>
  [[nodiscard]] PolymorphicAllocator<T> allocator() const {
    return PolymorphicAllocator<T>(resource_);
  }

 private:
  Resource* resource_;
};

using StdMemory = ResourceMemory<std::pmr::memory_resource, std::pmr::polymorphic_allocator>;
using BoostMemory = ResourceMemory<boost::container::pmr::memory_resource,
                                   boost::container::pmr::polymorphic_allocator>;

class HeapMemory {
 public:
  [[nodiscard]] void* allocate(std::size_t bytes) { return ::operator new(bytes); }
  // Not the sized delete: clang has it only on request, and glibc makes no use of the size.
  void deallocate(void* block, std::size_t) { ::operator delete(block); }
  template <class T>
  [[nodiscard]] std::allocator<T> allocator() const {
    return {};
  }
};

/// Blocks of one size; no container can use it.
class BoostPoolMemory {
 public:
  explicit BoostPoolMemory(boost::pool<>& pool) : pool_(&pool) {}

  [[nodiscard]] void* allocate(std::size_t) { return pool_->malloc(); }
  void deallocate(void* block, std::size_t) { pool_->free(block); }

 private:
  boost::pool<>* pool_;
};

class PoolAllocatorMemory {
 public:
  explicit PoolAllocatorMemory(bufferpool::PoolResource& resource) : bytes_(resource) {}

  [[nodiscard]] void* allocate(std::size_t bytes) { return bytes_.allocate(bytes); }
  void deallocate(void* block, std::size_t bytes) {
    bytes_.deallocate(static_cast<std::byte*>(block), bytes);
  }
  template <class T>
  [[nodiscard]] bufferpool::PoolAllocator<T> allocator() const {
    return bytes_;
  }

 private:
  bufferpool::PoolAllocator<std::byte> bytes_;
};

}  // namespace resource_bench
