// The end of a heap of blocks, and what no size class serves: runs of slots, upstream, misuse.
#include "bufferpool/block_heap.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include "bufferpool/failure.hpp"

namespace bufferpool::detail {

BlockHeap::~BlockHeap() {
  pool_.core().keepers().remove(*this);
  give_everything_back();
}

bool BlockHeap::owns(const void* block) const noexcept {
  return pool_.owns(block) && slabs_.is_used(to_number(pool_.index_of(block)));
}

/// A run begins at any slot: at most so much further is the next address that is aligned.
std::size_t BlockHeap::lead_bytes(std::size_t alignment) const noexcept {
  return alignment > slot_alignment_ ? alignment - slot_alignment_ : 0;
}

std::uint64_t BlockHeap::slots_for(BlockShape shape) const noexcept {
  std::size_t bytes = 0;
  if (__builtin_add_overflow(shape.bytes, lead_bytes(shape.alignment), &bytes)) return kNoSlot;
  return bits::divide_up(std::max<std::size_t>(bytes, 1), pool_.slot_bytes());
}

void* BlockHeap::allocate_other(BlockShape shape) {
  if (!std::has_single_bit(shape.alignment)) {
    throw_invalid_argument("bufferpool: allocate: an alignment must be a power of two");
  }
  if (shape.bytes > PTRDIFF_MAX || shape.alignment > PTRDIFF_MAX) throw_bad_alloc();
  if (shape.bytes == 0) return allocate({1, shape.alignment});
  const std::uint64_t slots = slots_for(shape);
  if (shape.bytes <= most_pooled_bytes_ && slots <= pool_.slots()) {
    void* run = try_allocate_run(shape, slots);
    if (run == nullptr && reclaim()) run = try_allocate_run(shape, slots);
    if (run != nullptr) return run;
  }
  return allocate_upstream(shape, run_upstream_calls_);
}

void* BlockHeap::allocate_upstream(BlockShape shape, Tally& calls) {
  void* const block = upstream_.allocate(shape);
  calls.add(1);
  return block;
}

std::byte* BlockHeap::aligned_in_run(std::uint64_t first, std::size_t alignment) const noexcept {
  const auto run = reinterpret_cast<std::uintptr_t>(pool_.core().address_of(first));
  return reinterpret_cast<std::byte*>(bits::round_up(run, alignment));
}

std::uint8_t BlockHeap::bits_beyond_slots(std::size_t alignment) const noexcept {
  return alignment > slot_alignment_ ? static_cast<std::uint8_t>(std::countr_zero(alignment)) : 0;
}

/// True: the block of the run is this one, asked for with this alignment.
bool BlockHeap::begins_in_run(const void* block, std::uint64_t first,
                              std::size_t alignment) const noexcept {
  return slabs_.use_of(first).alignment_bits == bits_beyond_slots(alignment) &&
         aligned_in_run(first, alignment) == block;
}

void* BlockHeap::try_allocate_run(BlockShape shape, std::uint64_t slots) noexcept {
  void* const run = pool_.core().try_allocate_run(slots, Holder::resource);
  if (run == nullptr) return nullptr;
  const std::uint64_t first = to_number(pool_.index_of(run));
  void* const block = aligned_in_run(first, shape.alignment);
  const std::uint64_t slot = to_number(pool_.index_of(block));
  if (slot != first) slabs_.set_use(slot, {SlotUse::Kind::inside_run, {}, slot - first});
  slabs_.set_use(first, {SlotUse::Kind::run, {}, slots, bits_beyond_slots(shape.alignment)});
  run_slots_.add(slots);
  run_asked_bytes_.add(shape.bytes);
  run_peak_.raise(run_blocks_.add(1) + 1);
  annotate::poison(run, slots * pool_.slot_bytes());
  annotate::unpoison(block, shape.bytes);
  return block;
}

bool BlockHeap::deallocate_run(void* block, BlockShape shape) noexcept {
  if (!pool_.owns(block)) return false;
  const std::uint64_t slot = to_number(pool_.index_of(block));
  const SlotUse use = slabs_.use_of(slot);
  if (use.kind != SlotUse::Kind::run && use.kind != SlotUse::Kind::inside_run) return false;
  const std::uint64_t first = use.first_of_run(slot);
  const std::uint64_t slots = slots_for(shape);
  const bool fits =
      slabs_.use_of(first).number == slots && begins_in_run(block, first, shape.alignment);
  if (!fits) return false;
  slabs_.set_use(slot, {});
  slabs_.set_use(first, {});
  run_slots_.subtract(slots);
  run_asked_bytes_.subtract(shape.bytes);
  run_blocks_.subtract(1);
  // Of two threads that come here at once it stops one.
  pool_.core().deallocate_run(pool_.core().address_of(first), slots, Holder::resource);
  return true;
}

void BlockHeap::deallocate_other(void* block, BlockShape shape) noexcept {
  if (shape.bytes == 0 && std::has_single_bit(shape.alignment)) {
    return deallocate(block, {1, shape.alignment});
  }
  if (!std::has_single_bit(shape.alignment)) fail_release(block, shape);
  if (!deallocate_run(block, shape)) deallocate_upstream(block, shape);
}

void BlockHeap::deallocate_upstream(void* block, BlockShape shape) noexcept {
  if (!upstream_.deallocate(block, shape)) fail_release(block, shape);
}

void BlockHeap::release_all() noexcept {
  // Who uses the pool without this heap may do so now.
  pool_.core().keepers().remove(*this);
  give_everything_back();
  pool_.core().keepers().add(*this);
}

void BlockHeap::give_everything_back() noexcept {
  for (BlockCache& cache : caches_.ever_used()) {
    for_each_cache(cache, [](ClassCache& of_class, [[maybe_unused]] SizeClass size_class) {
      if constexpr (annotate::kHardened) {
        for (void* const block : of_class.blocks.entries()) {
          take_over(block, 0, bytes_of(size_class));
        }
      }
      of_class.blocks.clear();
    });
  }
  for (std::size_t index = 0; index < quarantines_.size(); ++index) {
    static_cast<void>(quarantines_[index].drain([=](std::uint64_t address) {
      take_over(reinterpret_cast<void*>(address), 0, bytes_of(static_cast<SizeClass>(index)));
    }));
  }
  // The states of what is held go with the slabs.
  slabs_.for_each_slab([this](std::byte* begin, std::size_t bytes, SizeClass size_class) {
    cells_[to_index(size_class)].forget(begin, bytes);
    annotate::unpoison(begin, bytes);
  });
  slabs_.release_all();
  for (unsigned index = 0; index < kSizeClasses; ++index) {
    shared_[index].out.reset();
    shared_[index].asked_bytes.reset();
  }
  run_slots_.reset();
  run_blocks_.reset();
  run_asked_bytes_.reset();
  upstream_.release_all();
}

void BlockHeap::fail_release(const void* block, BlockShape shape) const noexcept {
  char call[80];
  std::snprintf(call, sizeof call, "deallocate(%p, %zu, %zu)", block, shape.bytes, shape.alignment);
  fail_call(call, block);
}

void BlockHeap::fail_call(const char* call, const void* block) const noexcept {
  char where[128];
  std::snprintf(where, sizeof where, "bufferpool: resource on pool %llu: %s",
                printable(pool_.core().id()), call);
  if (const UpstreamBlock* const found = upstream_.find(block)) {
    fail(
        "%s: a block from upstream, of %zu bytes aligned to %zu; pass the size and alignment that "
        "it was "
        "allocated with",
        where, found->shape.bytes, found->shape.alignment);
  }
  if (!pool_.owns(block)) {
    fail(
        "%s: not from this resource, or given back already, or of another size and alignment; give "
        "each block back once, as it was allocated",
        where);
  }
  const std::uint64_t slot = to_number(pool_.index_of(block));
  const SlotUse use = slabs_.use_of(slot);
  if (use.kind == SlotUse::Kind::none && slabs_.is_used(slot)) {
    fail(
        "%s: slot %llu is inside of a run of slots; pass what allocate returned, and the size and "
        "alignment that it was called with",
        where, printable(slot));
  }
  if (use.kind == SlotUse::Kind::none) {
    fail(
        "%s: slot %llu holds no block of this resource; it was given back already, or is another's",
        where, printable(slot));
  }
  if (use.kind != SlotUse::Kind::slab) {
    fail(
        "%s: slot %llu is of a run of slots that was allocated with another size or alignment; "
        "pass "
        "what allocate returned, and the size and alignment that it was called with",
        where, printable(slot));
  }
  const BlockPlace place = slabs_.place_of(block);
  const std::size_t block_bytes = bytes_of(use.size_class);
  const std::byte* const begin = slabs_.address_of(place.slab, use.size_class, place.block);
  const auto inside = static_cast<std::size_t>(static_cast<const std::byte*>(block) - begin);
  if (inside != 0) {
    fail(
        "%s: lies %zu bytes inside block %llu, of %zu bytes, of slot %llu; pass what allocate "
        "returned",
        where, inside, printable(place.block), block_bytes, printable(place.slab));
  }
  if (!cells_[to_index(use.size_class)].is_held(begin)) {
    fail("%s: block %llu, of %zu bytes, of slot %llu is already free; give each block back once",
         where, printable(place.block), block_bytes, printable(place.slab));
  }
  fail(
      "%s: block %llu of slot %llu has %zu bytes; pass the size and alignment that it was "
      "allocated "
      "with",
      where, printable(place.block), printable(place.slab), block_bytes);
}

}  // namespace bufferpool::detail
