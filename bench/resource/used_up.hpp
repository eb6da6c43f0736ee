// What the heap's blocks cost where the pool has none left: the same pair, of a resource on a pool that is used up.
#pragma once

#include <cstddef>
#include <vector>

#include "memories.hpp"
#include "systems.hpp"

namespace resource_bench {

class UsedUp : OurSystem {
 public:
  static constexpr const char* name = "PoolResource_used_up";
  explicit UsedUp(std::size_t) {
    while (void* const slot = pool_.try_allocate()) taken_.push_back(slot);
  }
  UsedUp(const UsedUp&) = delete;
  UsedUp& operator=(const UsedUp&) = delete;
  ~UsedUp() {
    for (void* const slot : taken_) pool_.deallocate(slot);
  }
  [[nodiscard]] StdMemory memory() { return StdMemory(resource_); }

 private:
  std::vector<void*> taken_;
};

}  // namespace resource_bench
