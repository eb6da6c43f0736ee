#include "bufferpool/pool_resource.hpp"

#include <algorithm>

namespace bufferpool {
namespace {

/// Commits the first run that is free, as the first requests will take.
void precommit(const SlotPool& pool, std::uint64_t slots) noexcept {
  for (std::uint64_t left = std::min(slots, pool.slots()); left != 0; left /= 2) {
    if (pool.core().try_commit_run(left)) return;  // else half as many may be free
  }
}

}  // namespace

PoolResource::PoolResource(SlotPool pool, const PoolResourceOptions& options)
    : heap_(std::move(pool), options.most_pooled_bytes), options_(options) {
  precommit(heap_.pool(), options.precommit_slots);
}

void* PoolResource::do_allocate(std::size_t bytes, std::size_t alignment) {
  void* const block = heap_.allocate_at_once({bytes, alignment});
  return block != nullptr ? block : allocate_slowly(bytes, alignment);
}

void* PoolResource::allocate_slowly(std::size_t bytes, std::size_t alignment) {
  return heap_.allocate_slowly({bytes, alignment});
}

void PoolResource::do_deallocate(void* block, std::size_t bytes, std::size_t alignment) {
  if (heap_.deallocate_at_once(block, {bytes, alignment})) return;
  deallocate_slowly(block, bytes, alignment);
}

void PoolResource::deallocate_slowly(void* block, std::size_t bytes, std::size_t alignment) {
  heap_.deallocate_slowly(block, {bytes, alignment});
}

}  // namespace bufferpool
