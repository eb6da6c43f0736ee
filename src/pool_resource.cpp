#include "bufferpool/pool_resource.hpp"

#include <algorithm>
#include <cstring>

namespace bufferpool {
namespace {

/// Takes the first run that is free, as the first requests will, writes to it and gives it back.
void precommit(const SlotPool& pool, std::uint64_t slots) noexcept {
  for (std::uint64_t left = std::min(slots, pool.slots()); left != 0; left /= 2) {
    void* const run = pool.core().try_allocate_run(left);
    if (run == nullptr) continue;  // half as many may be free
    std::memset(run, 0, left * pool.slot_bytes());
    return pool.core().deallocate_run(run, left);
  }
}

}  // namespace

PoolResource::PoolResource(SlotPool pool, const PoolResourceOptions& options)
    : heap_(std::move(pool), options.most_pooled_bytes), options_(options) {
  precommit(heap_.pool(), options.precommit_slots);
}

void* PoolResource::do_allocate(std::size_t bytes, std::size_t alignment) {
  return heap_.allocate({bytes, alignment});
}

void PoolResource::do_deallocate(void* block, std::size_t bytes, std::size_t alignment) {
  heap_.deallocate(block, {bytes, alignment});
}

}  // namespace bufferpool
