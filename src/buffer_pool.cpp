#include "bufferpool/buffer_pool.hpp"

#include <algorithm>

namespace bufferpool {
namespace {

constexpr std::size_t kPrivateSlots = 32;
constexpr std::size_t kLeastSlotBytes = 8;
constexpr std::size_t kMostSlotBytes = 64 * 1024;

/// What is being filled is copied rather than its chunk extended up to this part of a slot.
constexpr std::size_t kCheapMovePart = 8;

SlotPoolOptions private_pool(std::size_t capacity_bytes, std::pmr::memory_resource* upstream) {
  const std::size_t part = bits::divide_up(capacity_bytes, kPrivateSlots);
  const std::size_t slot_bytes =
      bits::round_up(std::clamp(part, kLeastSlotBytes, kMostSlotBytes), kLeastSlotBytes);
  return {.slot_bytes = slot_bytes,
          .slots = bits::divide_up(capacity_bytes, slot_bytes),
          .upstream = upstream};
}

}  // namespace

BufferPool::BufferPool(std::size_t capacity_bytes, std::pmr::memory_resource* upstream)
    : pool_(private_pool(capacity_bytes, upstream)) {}

void BufferPool::grow(std::size_t extra_bytes) {
  if (!pool_)
    detail::fail("bufferpool: fill on a BufferPool that was moved from; assign one first");
  if (grow_in_pool(extra_bytes)) return;
  pool_.core().note_refused();
  cursor_.move_upstream(*pool_.upstream_resource(), extra_bytes, stats_);
  pool_.core().note_served();
}

bool BufferPool::try_grow(std::size_t extra_bytes) noexcept {
  if (pool_ && grow_in_pool(extra_bytes)) return true;
  if (pool_) pool_.core().note_refused();
  return false;
}

bool BufferPool::grow_in_pool(std::size_t extra_bytes) noexcept {
  std::size_t needed = 0;
  if (__builtin_add_overflow(cursor_.size(), extra_bytes, &needed)) return false;
  // Moving no more than becomes free keeps the cost of a byte constant, however small the steps are.
  return rewind(needed, bytes_before()) || (is_worth_extending() && extend(extra_bytes)) ||
         lease(needed) || extend(extra_bytes) || rewind(needed, cursor_.size());
}

bool BufferPool::is_worth_extending() const noexcept {
  const std::size_t slot_bytes = pool_.slot_bytes();
  const bool dear_to_move = cursor_.size() > slot_bytes / kCheapMovePart;
  // A run is one message's, and what stood before it in its first slot. Otherwise a stream of messages
  // would extend one run for ever, and a single slice would pin all of it.
  return dear_to_move && bytes_before() < slot_bytes;
}

std::byte* BufferPool::chunk_begin() const noexcept {
  detail::Chunk* const chunk = cursor_.chunk;
  return chunk->is_pooled() ? pool_.core().data_of(*chunk)
                            : static_cast<detail::UpstreamChunk*>(chunk)->data();
}

std::size_t BufferPool::bytes_before() const noexcept {
  if (cursor_.chunk == nullptr) return 0;
  return static_cast<std::size_t>(cursor_.begin - chunk_begin());
}

bool BufferPool::rewind(std::size_t needed_bytes, std::size_t most_moved_bytes) noexcept {
  if (cursor_.chunk == nullptr || cursor_.size() > most_moved_bytes) return false;
  std::byte* const start = chunk_begin();
  if (needed_bytes > static_cast<std::size_t>(cursor_.limit - start)) return false;
  if (!cursor_.chunk->live.all_dropped(cursor_.issued)) return false;
  cursor_.move_to_start(start, stats_);
  return true;
}

bool BufferPool::extend(std::size_t extra_bytes) noexcept {
  if (cursor_.chunk == nullptr || !cursor_.chunk->is_pooled()) return false;
  const std::size_t slot_bytes = pool_.slot_bytes();
  const std::uint64_t more = bits::divide_up(extra_bytes - cursor_.room(), slot_bytes);
  if (!pool_.core().try_extend_lease(*cursor_.chunk, more)) return false;
  cursor_.limit += more * slot_bytes;
  cursor_.seal_when_idle = true;
  return true;
}

bool BufferPool::lease(std::size_t needed_bytes) noexcept {
  const std::size_t slot_bytes = pool_.slot_bytes();
  const std::uint64_t slots = bits::divide_up(needed_bytes, slot_bytes);
  // A message that outgrew its run gets twice the length, so that it moves seldom.
  const std::uint64_t ample =
      bits::divide_up(std::max(needed_bytes, 2 * cursor_.size()), slot_bytes);
  detail::Chunk* chunk = pool_.core().try_lease(ample);
  std::uint64_t leased = ample;
  if (chunk == nullptr && slots != ample) {
    chunk = pool_.core().try_lease(slots);
    leased = slots;
  }
  if (chunk == nullptr) return false;
  cursor_.move_to(*chunk, {pool_.core().data_of(*chunk), leased * slot_bytes}, stats_);
  cursor_.seal_when_idle = leased != 1;
  ++stats_.chunks;
  return true;
}

}  // namespace bufferpool
