// foonathan/memory's pool of one size and its pools of powers of two. Neither is thread-safe. Both
// begin with room for a whole burst and double it whenever they run out.
#pragma once

#include <algorithm>
#include <cstddef>
#include <foonathan/memory/memory_pool.hpp>
#include <foonathan/memory/memory_pool_collection.hpp>

#include "system_list.hpp"
#include "systems.hpp"

namespace resource_bench {

inline constexpr std::size_t foonathan_blocks = 1024;

/// Blocks of one size; no container can use it.
class FoonathanPool {
 public:
  using Pool = foonathan::memory::memory_pool<>;

  class Memory {
   public:
    explicit Memory(Pool& pool) : pool_(&pool) {}
    [[nodiscard]] void* allocate(std::size_t) { return pool_->allocate_node(); }
    void deallocate(void* block, std::size_t) { pool_->deallocate_node(block); }

   private:
    Pool* pool_;
  };

  static constexpr const char* name = "foonathan_pool";
  static constexpr bool thread_safe = false;
  static constexpr bool one_size = true;
  explicit FoonathanPool(std::size_t bytes)
      : pool_(bytes, Pool::min_block_size(bytes, foonathan_blocks)) {}
  [[nodiscard]] Memory memory() { return Memory(pool_); }

 private:
  Pool pool_;
};

/// All sizes of the table, but a container's array may be larger than the largest.
class FoonathanCollection {
 public:
  using Pools = foonathan::memory::memory_pool_collection<foonathan::memory::node_pool,
                                                          foonathan::memory::log2_buckets>;

  class Memory {
   public:
    explicit Memory(Pools& pools) : pools_(&pools) {}
    [[nodiscard]] void* allocate(std::size_t bytes) { return pools_->allocate_node(bytes); }
    void deallocate(void* block, std::size_t bytes) { pools_->deallocate_node(block, bytes); }

   private:
    Pools* pools_;
  };

  static constexpr const char* name = "foonathan_collection";
  static constexpr bool thread_safe = false;
  static constexpr bool one_size = true;
  explicit FoonathanCollection(std::size_t bytes)
      : pools_(largest_pooled_bytes, std::max(bytes * foonathan_blocks, least_bytes)) {}
  [[nodiscard]] Memory memory() { return Memory(pools_); }

 private:
  // A pool that runs out is given a fixed part of the next block, a fourteenth here: of the largest
  // size too it must hold one.
  static constexpr std::size_t least_bytes = 32 * largest_pooled_bytes;

  Pools pools_;
};

using FoonathanSystems = SystemList<FoonathanPool, FoonathanCollection>;

}  // namespace resource_bench
