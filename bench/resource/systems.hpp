// The systems that take part. Each is made anew for every measurement, for blocks of `bytes`, and
// hands out memory through a handle of memories.hpp.
#pragma once

#include <cstddef>
#include <memory_resource>

#include <boost/container/pmr/synchronized_pool_resource.hpp>
#include <boost/container/pmr/unsynchronized_pool_resource.hpp>

#include "bufferpool/pool_resource.hpp"
#include "bufferpool/slot_pool.hpp"
#include "memories.hpp"

namespace resource_bench {

/// Whoever pools, pools all sizes of the table. With their defaults the pools of others pass
/// larger blocks on to the heap, which is in the table already.
inline constexpr std::size_t largest_pooled_bytes = 65536;

class OurSystem {
 public:
  static constexpr bool thread_safe = true;
  static constexpr bool one_size = false;

 protected:
  bufferpool::SlotPool pool_{{.slot_bytes = std::size_t{64} * 1024, .slots = 4096}};
  bufferpool::PoolResource resource_{pool_};
};

class PoolResourceSystem : OurSystem {
 public:
  using OurSystem::one_size, OurSystem::thread_safe;
  static constexpr const char* name = "PoolResource";
  explicit PoolResourceSystem(std::size_t) {}
  [[nodiscard]] StdMemory memory() { return StdMemory(resource_); }
};

class PoolAllocatorSystem : OurSystem {
 public:
  using OurSystem::one_size, OurSystem::thread_safe;
  static constexpr const char* name = "PoolAllocator";
  explicit PoolAllocatorSystem(std::size_t) {}
  [[nodiscard]] PoolAllocatorMemory memory() { return PoolAllocatorMemory(resource_); }
};

class NewDelete {
 public:
  static constexpr const char* name = "new_delete";
  static constexpr bool thread_safe = true;
  static constexpr bool one_size = false;
  explicit NewDelete(std::size_t) {}
  [[nodiscard]] HeapMemory memory() { return {}; }
};

/// What containers of std::pmr use that are given nothing: the heap, through a table as we are.
class NewDeleteResource {
 public:
  static constexpr const char* name = "new_delete_resource";
  static constexpr bool thread_safe = true;
  static constexpr bool one_size = false;
  explicit NewDeleteResource(std::size_t) {}
  [[nodiscard]] StdMemory memory() { return StdMemory(*std::pmr::new_delete_resource()); }
};

template <class Resource, class Options, class Memory>
class PoolOfOthers {
 public:
  static constexpr bool one_size = false;
  explicit PoolOfOthers(std::size_t) {}
  [[nodiscard]] Memory memory() { return Memory(resource_); }

 private:
  static Options options() {
    Options wanted;
    wanted.largest_required_pool_block = largest_pooled_bytes;
    return wanted;
  }
  Resource resource_{options()};
};

template <class Resource>
using StdPool = PoolOfOthers<Resource, std::pmr::pool_options, StdMemory>;
template <class Resource>
using BoostPmrPool = PoolOfOthers<Resource, boost::container::pmr::pool_options, BoostMemory>;

struct StdUnsynchronized : StdPool<std::pmr::unsynchronized_pool_resource> {
  using PoolOfOthers::PoolOfOthers;
  static constexpr const char* name = "std_unsynchronized";
  static constexpr bool thread_safe = false;
};

struct StdSynchronized : StdPool<std::pmr::synchronized_pool_resource> {
  using PoolOfOthers::PoolOfOthers;
  static constexpr const char* name = "std_synchronized";
  static constexpr bool thread_safe = true;
};

struct BoostUnsynchronized : BoostPmrPool<boost::container::pmr::unsynchronized_pool_resource> {
  using PoolOfOthers::PoolOfOthers;
  static constexpr const char* name = "boost_unsynchronized";
  static constexpr bool thread_safe = false;
};

struct BoostSynchronized : BoostPmrPool<boost::container::pmr::synchronized_pool_resource> {
  using PoolOfOthers::PoolOfOthers;
  static constexpr const char* name = "boost_synchronized";
  static constexpr bool thread_safe = true;
};

class BoostPool {
 public:
  static constexpr const char* name = "boost_pool";
  static constexpr bool thread_safe = false;
  static constexpr bool one_size = true;
  explicit BoostPool(std::size_t bytes) : pool_(bytes) {}
  [[nodiscard]] BoostPoolMemory memory() { return BoostPoolMemory(pool_); }

 private:
  boost::pool<> pool_;
};

}  // namespace resource_bench
