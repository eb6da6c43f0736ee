#include "bufferpool/upstream_list.hpp"

#include <pthread.h>

#include <iterator>

#include "bufferpool/annotate.hpp"
#include "bufferpool/region.hpp"

namespace bufferpool::detail {
namespace {

struct alignas(kLineBytes) OwnLine {
  std::mutex mutex;
};
constinit OwnLine lines[16];

void lock_all() {
  for (OwnLine& line : lines) line.mutex.lock();
}
void unlock_all() {
  for (OwnLine& line : lines) line.mutex.unlock();
}

}  // namespace

std::mutex& UpstreamList::mutex_of(std::uint64_t owner_id) noexcept {
  // Should there be no memory for it, a child of several threads may wait for ever, as without it.
  [[maybe_unused]] static const int forks_wait = ::pthread_atfork(lock_all, unlock_all, unlock_all);
  return lines[owner_id % std::size(lines)].mutex;
}

void* UpstreamList::allocate(BlockShape shape) {
  UpstreamBlock* const block = UpstreamBlock::allocate(upstream_, owner_id_, shape);
  const std::lock_guard lock(mutex_);
  link(*block);
  return block->data();
}

bool UpstreamList::deallocate(void* pointer, BlockShape shape) noexcept {
  if (live_.get() == 0) return false;
  UpstreamBlock* const block = UpstreamBlock::release(pointer, owner_id_, shape);
  if (block == nullptr) return false;
  {
    const std::lock_guard lock(mutex_);
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
