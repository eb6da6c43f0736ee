#include "bufferpool/upstream_list.hpp"

#include "bufferpool/annotate.hpp"
#include "bufferpool/fork_mutex.hpp"

namespace bufferpool::detail {

std::mutex& UpstreamList::mutex() const noexcept { return fork_mutex(owner_id_); }

void* UpstreamList::allocate(BlockShape shape) {
  UpstreamBlock* const block = UpstreamBlock::allocate(upstream_, owner_id_, shape);
  const std::lock_guard lock(mutex());
  link(*block);
  return block->data();
}

bool UpstreamList::deallocate(void* pointer, BlockShape shape) noexcept {
  if (live_.get() == 0) return false;
  UpstreamBlock* const block = UpstreamBlock::release(pointer, owner_id_, shape);
  if (block == nullptr) return false;
  {
    const std::lock_guard lock(mutex());
    unlink(*block);
  }
  annotate::scrub(pointer, shape.bytes, zeroes_);
  block->free(upstream_, shape);
  return true;
}

void UpstreamList::release_all() noexcept {
  while (first_ != nullptr) {
    UpstreamBlock& block = *first_;
    const BlockShape shape = block.shape;
    unlink(block);
    static_cast<void>(UpstreamBlock::release(block.data(), owner_id_, shape));  // true: it is ours
    annotate::scrub(block.data(), shape.bytes, zeroes_);
    block.free(upstream_, shape);
  }
}

void UpstreamList::link(UpstreamBlock& block) noexcept {
  block.next = first_;
  if (first_ != nullptr) first_->previous = &block;
  first_ = &block;
  live_.add(1);
}

void UpstreamList::unlink(UpstreamBlock& block) noexcept {
  (block.previous != nullptr ? block.previous->next : first_) = block.next;
  if (block.next != nullptr) block.next->previous = block.previous;
  live_.subtract(1);
}

}  // namespace bufferpool::detail
