// Raw use of a pool, off the hot path: runs, upstream, misuse.
#include "bufferpool/pool_core.hpp"

#include <algorithm>
#include <cstdio>
#include <new>

#include "bufferpool/failure.hpp"

namespace bufferpool::detail {
namespace {

/// Stands right in front of a block that upstream serves for allocate().
struct UpstreamBlock {
  std::uint64_t cookie;  // tells it from any other memory
  std::uint64_t bytes;   // of the whole block
};

std::uint64_t cookie_of(std::uint64_t pool_id, const void* pointer) noexcept {
  // Fibonacci hashing (D. E. Knuth, The Art of Computer Programming 3, 6.4).
  return (pool_id ^ reinterpret_cast<std::uintptr_t>(pointer)) * 0x9E3779B97F4A7C15u | 1;
}

std::size_t block_alignment(std::size_t slot_alignment) noexcept {
  return std::max(slot_alignment, alignof(std::max_align_t));
}

/// The pointer may be anything, also the start of something poisoned.
[[gnu::no_sanitize_address]] [[gnu::noinline]] std::uint64_t peek_cookie(
    const UpstreamBlock* block) noexcept {
  return block->cookie;
}

unsigned long long printable(std::uint64_t number) noexcept { return number; }

}  // namespace

void* PoolCore::allocate_run(std::uint64_t slots) {
  const std::uint64_t wanted = std::max<std::uint64_t>(slots, 1);
  if (wanted == 1) return allocate();
  const std::uint64_t first = take_run(wanted);
  return first != kNoSlot ? hand_out(first, wanted) : allocate_upstream(wanted);
}

bool PoolCore::try_extend(void* pointer, std::uint64_t slots, std::uint64_t more) noexcept {
  const std::uint64_t held = std::max<std::uint64_t>(slots, 1);
  const std::size_t offset = offset_of(pointer);
  const std::uint64_t first = slot_at(offset);
  if (offset >= slots_bytes_) return false;  // upstream's blocks do not grow
  if (first * slot_bytes_ != offset || !chunks_[first].live.holds(held)) {
    fail_release(pointer, held);
  }
  if (more <= held) return more == held;
  if (!take_range(first + held, more - held)) return false;
  show(first + held, more - held);
  chunks_[first].live.hold(more);
  return true;
}

void PoolCore::deallocate_run(void* pointer, std::uint64_t slots) noexcept {
  const std::uint64_t held = std::max<std::uint64_t>(slots, 1);
  if (held == 1) return deallocate(pointer);
  const std::size_t offset = offset_of(pointer);
  const std::uint64_t first = slot_at(offset);
  if (offset >= slots_bytes_ || first * slot_bytes_ != offset || !unhold(first, held)) {
    return deallocate_other(pointer, held);
  }
  hide(first, held);
  give_range(first, held);
}

SlotIndex PoolCore::index_of(const void* pointer) const noexcept {
  if (!owns(pointer)) {
    fail(
        "bufferpool: pool %llu (%llu slots of %zu bytes): index_of(%p): not an address of this "
        "pool; ask owns() first",
        printable(id_), printable(slots_), slot_bytes_, pointer);
  }
  return static_cast<SlotIndex>(slot_at(offset_of(pointer)));
}

void* PoolCore::refuse() noexcept {
  note_refused();
  return nullptr;
}

void* PoolCore::allocate_upstream(std::uint64_t slots) {
  note_refused();
  const std::size_t alignment = block_alignment(alignment_);
  const std::size_t lead = bits::round_up(sizeof(UpstreamBlock), alignment);
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(slots, slot_bytes_, &bytes) ||
      __builtin_add_overflow(bytes, lead, &bytes)) {
    throw_bad_alloc();
  }
  auto* const block = static_cast<std::byte*>(upstream_->allocate(bytes, alignment));
  note_served();
  live_upstream_.add(1);
  std::byte* const pointer = block + lead;
  ::new (pointer - sizeof(UpstreamBlock)) UpstreamBlock{cookie_of(id_, pointer), bytes};
  return pointer;
}

void PoolCore::deallocate_other(void* pointer, std::uint64_t slots) noexcept {
  if (!owns(pointer) && deallocate_upstream(pointer, slots)) return;
  fail_release(pointer, slots);
}

bool PoolCore::deallocate_upstream(void* pointer, std::uint64_t slots) noexcept {
  const std::size_t alignment = block_alignment(alignment_);
  const std::size_t lead = bits::round_up(sizeof(UpstreamBlock), alignment);
  if (live_upstream_.get() == 0) return false;
  if (reinterpret_cast<std::uintptr_t>(pointer) % alignment != 0) return false;
  auto* const block =
      reinterpret_cast<UpstreamBlock*>(static_cast<std::byte*>(pointer) - sizeof(UpstreamBlock));
  if (peek_cookie(block) != cookie_of(id_, pointer)) return false;
  if (block->bytes != slots * slot_bytes_ + lead) return false;
  block->cookie = 0;
  live_upstream_.subtract(1);
  upstream_->deallocate(static_cast<std::byte*>(pointer) - lead, block->bytes, alignment);
  return true;
}

void PoolCore::fail_release(const void* pointer, std::uint64_t slots) const noexcept {
  char where[96];
  std::snprintf(where, sizeof where, "bufferpool: pool %llu (%llu slots of %zu bytes): %p",
                printable(id_), printable(slots_), slot_bytes_, pointer);
  if (!owns(pointer)) {
    fail("%s is not from this pool, or already free; give it back once, where it came from", where);
  }
  const std::uint64_t slot = slot_at(offset_of(pointer));
  const std::size_t inside = offset_of(pointer) - slot * slot_bytes_;
  if (inside != 0) {
    fail("%s lies %zu bytes inside slot %llu; pass the pointer that allocate returned", where,
         inside, printable(slot));
  }
  const std::uint64_t state = chunks_[slot].live.value();
  if (state == 0) {
    fail("%s: slot %llu is already free, or inside a run; give each slot back once", where,
         printable(slot));
  }
  if (state < LiveCount::kHeld) {
    fail("%s: slot %llu holds a buffer's slices, which give it back themselves", where,
         printable(slot));
  }
  fail("%s: slot %llu begins a run of %llu slots, not of %llu; pass the length that was allocated",
       where, printable(slot), printable(state - LiveCount::kHeld), printable(slots));
}

Chunk* PoolCore::try_lease(std::uint64_t slots) noexcept {
  const std::uint64_t first = slots == 1 ? take_slot() : take_run(slots);
  if (first == kNoSlot) return nullptr;
  retain();
  show(first, slots);
  Chunk& chunk = chunks_[first];
  chunk.live.start();
  chunk.pool = this;
  chunk.slots.set(slots);
  return &chunk;
}

bool PoolCore::try_extend_lease(Chunk& chunk, std::uint64_t more) noexcept {
  const std::uint64_t end = static_cast<std::uint64_t>(&chunk - chunks_) + chunk.slots.get();
  if (!take_range(end, more)) return false;
  show(end, more);
  chunk.slots.set(chunk.slots.get() + more);
  return true;
}

void PoolCore::end_lease(Chunk& chunk) noexcept {
  const auto first = static_cast<std::uint64_t>(&chunk - chunks_);
  const std::uint64_t slots = chunk.slots.get();
  hide(first, slots);
  if (slots == 1) {
    give_slot(static_cast<SlotIndex>(first));
  } else {
    give_range(first, slots);
  }
  release();  // the last touch
}

}  // namespace bufferpool::detail
