// Raw use of a pool, off the hot path: runs, upstream, misuse.
#include "bufferpool/pool_core.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <new>

#include "bufferpool/failure.hpp"

namespace bufferpool::detail {
namespace {

/// Stands right in front of a block that upstream serves for allocate(), and tells it from any other
/// memory: a hash of pool, address and length. 0: was given back.
using Cookie = Atomic<std::uint64_t>;

std::uint64_t cookie_of(std::uint64_t pool_id, const void* pointer, std::size_t bytes) noexcept {
  // Fibonacci hashing (D. E. Knuth, The Art of Computer Programming 3, 6.4).
  constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15u;
  return ((pool_id ^ reinterpret_cast<std::uintptr_t>(pointer)) * kGolden + bytes) * kGolden | 1;
}

std::size_t block_alignment(std::size_t slot_alignment) noexcept {
  return std::max(slot_alignment, alignof(std::max_align_t));
}

/// One system call; upstream's blocks are rare.
bool is_mapped(const Cookie* cookie) noexcept {
  static const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(cookie);
  unsigned char committed = 0;
  return ::mincore(reinterpret_cast<void*>(address - address % page), 1, &committed) == 0;
}

/// True for one of those who give the same block back. The pointer may be anything that is mapped,
/// also the start of something poisoned, or memory that another thread frees.
[[gnu::no_sanitize_address]] [[gnu::no_sanitize_thread]] [[gnu::noinline]] bool take_cookie(
    Cookie* cookie, std::uint64_t expected) noexcept {
  return cookie->load() == expected && cookie->compare_exchange_strong(expected, 0);
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
  if (first * slot_bytes_ != offset || held > slots_ || !chunks_[first].live.holds(held)) {
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
  // A length beyond the pool's would wrap around in the word that says who holds the slot.
  if (offset >= slots_bytes_ || first * slot_bytes_ != offset || held > slots_ ||
      !chunks_[first].live.unhold(held)) {
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
  const std::size_t lead = bits::round_up(alignof(std::max_align_t), alignment);
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(slots, slot_bytes_, &bytes) ||
      __builtin_add_overflow(bytes, lead, &bytes)) {
    throw_bad_alloc();
  }
  auto* const block = static_cast<std::byte*>(upstream_->allocate(bytes, alignment));
  note_served();
  live_upstream_.add(1);
  std::byte* const pointer = block + lead;
  ::new (pointer - sizeof(Cookie)) Cookie(cookie_of(id_, pointer, bytes));
  return pointer;
}

void PoolCore::deallocate_other(void* pointer, std::uint64_t slots) noexcept {
  if (!owns(pointer) && deallocate_upstream(pointer, slots)) return;
  fail_release(pointer, slots);
}

bool PoolCore::deallocate_upstream(void* pointer, std::uint64_t slots) noexcept {
  const std::size_t alignment = block_alignment(alignment_);
  const std::size_t lead = bits::round_up(alignof(std::max_align_t), alignment);
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(slots, slot_bytes_, &bytes) ||
      __builtin_add_overflow(bytes, lead, &bytes)) {
    return false;
  }
  if (live_upstream_.get() == 0 || pointer == nullptr) return false;
  if (reinterpret_cast<std::uintptr_t>(pointer) % alignment != 0) return false;
  auto* const cookie =
      reinterpret_cast<Cookie*>(reinterpret_cast<std::uintptr_t>(pointer) - sizeof(Cookie));
  if (!is_mapped(cookie) || !take_cookie(cookie, cookie_of(id_, pointer, bytes))) return false;
  live_upstream_.subtract(1);
  upstream_->deallocate(static_cast<std::byte*>(pointer) - lead, bytes, alignment);
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
