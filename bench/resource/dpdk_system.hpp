// DPDK's rte_mempool: elements of one size, in a ring for all threads and a stack of at most 512 for
// each. Thread-safe. Needs an Eal.
#pragma once

#include <rte_errno.h>
#include <rte_mempool.h>

#include <cstddef>
#include <new>
#include <stdexcept>

#include "eal.hpp"

namespace resource_bench {

class MempoolMemory {
 public:
  explicit MempoolMemory(rte_mempool& pool) : pool_(&pool) {}

  [[nodiscard]] void* allocate(std::size_t) {
    register_thread();
    void* block = nullptr;
    if (rte_mempool_get(pool_, &block) != 0) throw std::bad_alloc();
    return block;
  }
  void deallocate(void* block, std::size_t) {
    register_thread();
    rte_mempool_put(pool_, block);
  }

 private:
  rte_mempool* pool_;
};

/// Of `elements` that a workload can need, with those that wait in the stacks: one less than a power
/// of two, as the ring has place for them.
template <unsigned elements>
class DpdkMempool {
 public:
  static constexpr const char* name = "dpdk_mempool";
  static constexpr bool thread_safe = true;
  static constexpr bool one_size = true;
  explicit DpdkMempool(std::size_t bytes)
      : pool_(rte_mempool_create(name, elements, static_cast<unsigned>(bytes), stack_elements, 0,
                                 nullptr, nullptr, nullptr, nullptr, SOCKET_ID_ANY, 0)) {
    if (pool_ == nullptr) throw std::runtime_error(rte_strerror(rte_errno));
  }
  DpdkMempool(const DpdkMempool&) = delete;
  DpdkMempool& operator=(const DpdkMempool&) = delete;
  ~DpdkMempool() { rte_mempool_free(pool_); }
  [[nodiscard]] MempoolMemory memory() { return MempoolMemory(*pool_); }

 private:
  static constexpr unsigned stack_elements = RTE_MEMPOOL_CACHE_MAX_SIZE;

  rte_mempool* pool_;
};

}  // namespace resource_bench
