#include "bufferpool/buffer_pool.hpp"

#include <algorithm>

namespace bufferpool {
namespace {

constexpr std::size_t kPrivateSlots = 8;
constexpr std::size_t kLeastSlotBytes = 8;
constexpr std::size_t kMostSlotBytes = 64 * 1024;

/// Of the slots of a pool from the heap: glibc maps a block of a larger alignment anew each time.
constexpr std::size_t kMostAlignment = 64;

/// More than the user's half of a 48-bit address space.
constexpr std::size_t kMostCapacityBytes = std::size_t{1} << 48;

/// What is being filled is copied rather than its chunk extended up to this part of a slot.
constexpr std::size_t kCheapMovePart = 8;

/// A message in upstream's memory gets so much at once, if slots are not shorter: each step of its growth would be a
/// block of upstream's, and a move.
constexpr std::size_t kFirstUpstreamBytes = 1024;
constexpr std::size_t kLeastUpstreamBytes = 64;

SlotPoolOptions private_pool(std::size_t capacity_bytes, std::pmr::memory_resource* upstream) {
  if (capacity_bytes > kMostCapacityBytes) detail::throw_bad_alloc();
  const std::size_t part = bits::divide_up(capacity_bytes, kPrivateSlots);
  const std::size_t slot_bytes =
      bits::round_up(std::clamp(part, kLeastSlotBytes, kMostSlotBytes), kLeastSlotBytes);
  return {.slot_bytes = slot_bytes,
          .slots = bits::divide_up(capacity_bytes, slot_bytes),
          .alignment = std::min(bits::alignment_of(slot_bytes), kMostAlignment),
          .upstream = upstream};
}

}  // namespace

BufferPool::BufferPool(std::size_t capacity_bytes, std::pmr::memory_resource* upstream)
    : pool_(private_pool(capacity_bytes, upstream)) {}

void BufferPool::grow(std::size_t extra_bytes) {
  if (!pool_) {
    detail::fail("bufferpool: fill on a BufferPool that was moved from; assign one first");
  }
  // With nothing behind the pool, to move much for little is better than to fail.
  const bool last_resort = pool_.upstream_resource() == std::pmr::null_memory_resource();
  if (grow_in_pool(extra_bytes, last_resort ? Effort::any : Effort::constant_a_byte)) return;
  pool_.core().note_refused();
  cursor_.move_upstream(*pool_.upstream_resource(), extra_bytes, stats_,
                        std::clamp(pool_.slot_bytes(), kLeastUpstreamBytes, kFirstUpstreamBytes));
  cursor_.chunk->set_run(0, pool_.core().zeroes());
  pool_.core().note_served();
}

bool BufferPool::try_grow(std::size_t extra_bytes) noexcept {
  if (!pool_) return false;
  if (grow_in_pool(extra_bytes, Effort::any)) return true;
  pool_.core().note_refused();
  return false;
}

bool BufferPool::grow_in_pool(std::size_t extra_bytes, Effort effort) noexcept {
  std::size_t needed = 0;
  if (__builtin_add_overflow(cursor_.size(), extra_bytes, &needed)) return false;
  const std::size_t most_moved = effort == Effort::any ? cursor_.size() : bytes_before();
  show_all_room();
  return (!is_outsized_for(needed) && rewind(needed, bytes_before())) || go_on(extra_bytes) ||
         (is_worth_extending() && extend(extra_bytes)) || lease(needed, effort) ||
         extend(extra_bytes) || rewind(needed, most_moved) ||
         extend_and_rewind(needed, most_moved) || trade(needed);
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

void BufferPool::show_all_room() noexcept {
  if (!cursor_.is_left_when_idle()) cursor_.limit = chunk_begin() + pool_.slot_bytes();
}

bool BufferPool::go_on(std::size_t extra_bytes) noexcept {
  if (cursor_.is_left_when_idle() || !cursor_.fits(extra_bytes)) return false;
  cursor_.put_off_pause();
  return true;
}

bool BufferPool::is_outsized_for(std::size_t needed_bytes) const noexcept {
  return cursor_.chunk != nullptr && cursor_.is_left_when_idle() &&
         (!cursor_.chunk->is_pooled() || needed_bytes <= pool_.slot_bytes() / 2);
}

bool BufferPool::is_worth_extending() const noexcept {
  const std::size_t slot_bytes = pool_.slot_bytes();
  const bool dear_to_move = cursor_.size() > slot_bytes / kCheapMovePart;
  // A run is one message's, and what stood before it in its first slot. Otherwise a stream of messages
  // would extend one run for ever, and a single slice would pin all of it.
  return dear_to_move && bytes_before() < slot_bytes;
}

bool BufferPool::may_rewind(std::size_t most_moved_bytes) const noexcept {
  return cursor_.chunk != nullptr && cursor_.size() <= most_moved_bytes &&
         cursor_.chunk->live.all_dropped(cursor_.issued);
}

bool BufferPool::rewind(std::size_t needed_bytes, std::size_t most_moved_bytes) noexcept {
  // Whether it fits comes first: a request that fails has moved nothing.
  if (needed_bytes > bytes_before() + cursor_.size() + cursor_.room()) return false;
  if (!may_rewind(most_moved_bytes)) return false;
  cursor_.move_to_start(chunk_begin(), stats_);
  return true;
}

bool BufferPool::extend_and_rewind(std::size_t needed_bytes,
                                   std::size_t most_moved_bytes) noexcept {
  const std::size_t extra_bytes = needed_bytes - cursor_.size();
  if (extra_bytes <= bytes_before() + cursor_.room() || !may_rewind(most_moved_bytes)) return false;
  if (!extend(extra_bytes - bytes_before())) return false;
  cursor_.move_to_start(chunk_begin(), stats_);
  return true;
}

bool BufferPool::trade(std::size_t needed_bytes) noexcept {
  // Nothing may be lost if it fails and another thread takes the slot meanwhile.
  if (!may_rewind(0) || !cursor_.chunk->is_pooled()) return false;
  if (cursor_.open() != 0 || cursor_.has_reserved()) return false;
  const std::size_t chunk_bytes = bytes_before() + cursor_.room();
  cursor_.leave(stats_);
  if (lease(needed_bytes, Effort::any)) return true;
  if (lease(chunk_bytes, Effort::any)) --stats_.chunks;  // as before, unless a thread was faster
  return false;
}

bool BufferPool::extend(std::size_t extra_bytes) noexcept {
  if (cursor_.chunk == nullptr || !cursor_.chunk->is_pooled()) return false;
  const std::size_t slot_bytes = pool_.slot_bytes();
  const std::uint64_t more = bits::divide_up(extra_bytes - cursor_.room(), slot_bytes);
  if (!pool_.core().try_extend_lease(*cursor_.chunk, more)) return false;
  cursor_.limit += more * slot_bytes;
  cursor_.leave_when_idle();
  return true;
}

bool BufferPool::lease(std::size_t needed_bytes, Effort effort) noexcept {
  const std::size_t slot_bytes = pool_.slot_bytes();
  const std::uint64_t least = bits::divide_up(needed_bytes, slot_bytes);
  // A message that outgrew its run gets twice the length, so that it moves seldom.
  std::uint64_t slots = bits::divide_up(std::max(needed_bytes, 2 * cursor_.size()), slot_bytes);
  detail::Chunk* chunk = pool_.core().try_lease(slots);
  const bool least_gains_enough =
      least * slot_bytes - needed_bytes >= cursor_.size() / kCheapMovePart;
  if (chunk == nullptr && least != slots && (effort == Effort::any || least_gains_enough)) {
    slots = least;
    chunk = pool_.core().try_lease(slots);
  }
  if (chunk == nullptr) return false;
  cursor_.move_to(*chunk, {pool_.core().data_of(*chunk), slots * slot_bytes}, stats_);
  if (slots != 1) cursor_.leave_when_idle();
  ++stats_.chunks;
  return true;
}

}  // namespace bufferpool
