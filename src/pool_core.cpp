// Raw use of a pool, off the hot path: runs, upstream, misuse.
#include "bufferpool/pool_core.hpp"

#include <algorithm>
#include <cstdio>

#include "bufferpool/failure.hpp"
#include "bufferpool/upstream_block.hpp"

namespace bufferpool::detail {

void* PoolCore::allocate_run(std::uint64_t slots) {
  const std::uint64_t wanted = std::max<std::uint64_t>(slots, 1);
  if (wanted == 1) return allocate();
  const std::uint64_t first = take_run(wanted);
  return first != kNoSlot ? hand_out(first, wanted) : allocate_upstream(wanted);
}

std::uint64_t PoolCore::take(std::uint64_t slots) noexcept {
  return slots == 1 ? take_slot() : take_run(slots);
}

std::uint64_t PoolCore::take_from_keepers(std::uint64_t slots) noexcept {
  return slots <= slots_ && keepers_.ask() ? take(slots) : kNoSlot;
}

void* PoolCore::try_allocate_run(std::uint64_t slots, Holder holder) noexcept {
  std::uint64_t first = take(slots);
  if (first == kNoSlot && holder == Holder::caller) first = take_from_keepers(slots);
  return first != kNoSlot ? hand_out(first, slots, holder) : nullptr;
}

bool PoolCore::try_commit_run(std::uint64_t slots) noexcept {
  const std::uint64_t first = take_run(slots);
  if (first == kNoSlot) return false;
  show(first, slots);
  annotate::zero(address_of(first), slots * slot_bytes_);  // not hide(): that may uncommit it
  poison(first, slots);
  give_range(first, slots);
  return true;
}

void PoolCore::shrink_run(void* pointer, std::uint64_t slots, std::uint64_t fewer,
                          Holder holder) noexcept {
  const std::uint64_t first = slot_at(offset_of(pointer));
  if (!owns(pointer) || address_of(first) != pointer || !chunks_[first].live.holds(slots, holder)) {
    fail_release(pointer, slots);
  }
  if (fewer == slots) return;
  chunks_[first].live.hold(fewer, holder);
  hide(first + fewer, slots - fewer);
  give_range(first + fewer, slots - fewer);
}

bool PoolCore::try_extend(void* pointer, std::uint64_t slots, std::uint64_t more,
                          Holder holder) noexcept {
  const std::uint64_t held = std::max<std::uint64_t>(slots, 1);
  const std::size_t offset = offset_of(pointer);
  const std::uint64_t first = slot_at(offset);
  if (offset >= slots_bytes_) {
    const UpstreamBlock* const block = find_upstream(pointer);
    if (block == nullptr || block->shape.bytes / slot_bytes_ != held) fail_release(pointer, held);
    return false;  // they do not grow
  }
  if (first * slot_bytes_ != offset || held > slots_ || !chunks_[first].live.holds(held, holder)) {
    fail_release(pointer, held);
  }
  if (more <= held) return more == held;
  if (!take_range(first + held, more - held)) return false;
  show(first + held, more - held);
  chunks_[first].live.hold(more, holder);
  return true;
}

void PoolCore::deallocate_run(void* pointer, std::uint64_t slots, Holder holder) noexcept {
  const std::uint64_t held = std::max<std::uint64_t>(slots, 1);
  if (held == 1 && holder == Holder::caller) return deallocate(pointer);
  const std::size_t offset = offset_of(pointer);
  const std::uint64_t first = slot_at(offset);
  // A length beyond the pool's would wrap around in the word that says who holds the slot.
  if (offset >= slots_bytes_ || first * slot_bytes_ != offset || held > slots_ ||
      !chunks_[first].live.unhold(held, holder)) {
    return deallocate_other(pointer, held);
  }
  hide(first, held);
  if (held == 1) {
    give_slot(static_cast<SlotIndex>(first));
  } else {
    give_range(first, held);
  }
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
  const std::uint64_t slot = take_from_keepers(1);
  if (slot != kNoSlot) return hand_out(slot, 1);
  note_refused();
  return nullptr;
}

void* PoolCore::allocate_upstream(std::uint64_t slots) {
  const std::uint64_t first = take_from_keepers(slots);
  if (first != kNoSlot) return hand_out(first, slots);
  note_refused();
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(slots, slot_bytes_, &bytes)) throw_bad_alloc();
  UpstreamBlock* const block = UpstreamBlock::allocate(*upstream_, id_, {bytes, alignment_});
  note_served();
  live_upstream_.add(1);
  return block->data();
}

void PoolCore::deallocate_other(void* pointer, std::uint64_t slots) noexcept {
  if (!owns(pointer) && deallocate_upstream(pointer, slots)) return;
  fail_release(pointer, slots);
}

const UpstreamBlock* PoolCore::find_upstream(const void* pointer) const noexcept {
  return live_upstream_.get() != 0 ? UpstreamBlock::find(pointer, id_) : nullptr;
}

bool PoolCore::deallocate_upstream(void* pointer, std::uint64_t slots) noexcept {
  std::size_t bytes = 0;
  if (live_upstream_.get() == 0) return false;
  if (__builtin_mul_overflow(slots, slot_bytes_, &bytes)) return false;
  UpstreamBlock* const block = UpstreamBlock::release(pointer, id_, {bytes, alignment_});
  if (block == nullptr) return false;
  live_upstream_.subtract(1);
  annotate::scrub(pointer, bytes, zeroes_);
  block->free(*upstream_, {bytes, alignment_});
  return true;
}

void PoolCore::overwrite(std::uint64_t first, std::uint64_t slots) noexcept {
  annotate::unpoison(address_of(first), slots * slot_bytes_);  // where slices were dropped
  region_.zero(address_of(first), slots * slot_bytes_);
}

void PoolCore::check_untouched(std::uint64_t first, std::uint64_t slots) const noexcept {
  const std::size_t bytes = slots * slot_bytes_;
  const std::size_t at = annotate::find_written(address_of(first), bytes);
  if (at == bytes) return;
  fail(
      "bufferpool: pool %llu (%llu slots of %zu bytes): slot %llu was written to while it was "
      "free, at byte %zu; look for who kept a pointer to it",
      printable(id_), printable(slots_), slot_bytes_, printable(first + at / slot_bytes_),
      at % slot_bytes_);
}

void PoolCore::fail_release(const void* pointer, std::uint64_t slots) const noexcept {
  char where[96];
  std::snprintf(where, sizeof where, "bufferpool: pool %llu (%llu slots of %zu bytes): %p",
                printable(id_), printable(slots_), slot_bytes_, pointer);
  if (!owns(pointer)) {
    if (const UpstreamBlock* const block = find_upstream(pointer)) {
      fail(
          "%s is a block of %zu bytes from upstream, not of %llu slots; pass the length that was "
          "allocated",
          where, block->shape.bytes, printable(slots));
    }
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
  if (LiveCount::is_of_resource(state)) {
    fail("%s: slot %llu holds a resource's blocks; give each back to the resource", where,
         printable(slot));
  }
  fail("%s: slot %llu begins a run of %llu slots, not of %llu; pass the length that was allocated",
       where, printable(slot), printable(LiveCount::slots_in(state)), printable(slots));
}

Chunk* PoolCore::try_lease(std::uint64_t slots) noexcept {
  std::uint64_t first = take(slots);
  if (first == kNoSlot) first = take_from_keepers(slots);
  if (first == kNoSlot) return nullptr;
  retain();
  lend(first, slots);
  Chunk& chunk = chunks_[first];
  chunk.live.start();
  chunk.pool = this;
  chunk.set_run(slots, zeroes_);
  return &chunk;
}

bool PoolCore::try_extend_lease(Chunk& chunk, std::uint64_t more) noexcept {
  const std::uint64_t end = static_cast<std::uint64_t>(&chunk - chunks_) + chunk.slots();
  if (!take_range(end, more)) return false;
  lend(end, more);
  chunk.set_run(chunk.slots() + more, zeroes_);
  return true;
}

void PoolCore::end_lease(Chunk& chunk) noexcept {
  const auto first = static_cast<std::uint64_t>(&chunk - chunks_);
  const std::uint64_t slots = chunk.slots();
  hide(first, slots);
  if (slots == 1) {
    give_slot(static_cast<SlotIndex>(first));
  } else {
    give_range(first, slots);
  }
  release();  // the last touch
}

}  // namespace bufferpool::detail
