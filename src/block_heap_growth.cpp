// Growth in place: a block that is alone in its slots takes the free ones behind it, or gives its last back.
//
//   |  1 slot: a slab of its class, of one block  |  free  |  free  |  free  |  free  |
//   |  2 slots: the same of another class                  |  free  |  free  |  free  |
//   |  5 slots, beyond the largest class: a run                              |  free  |
//
// What is said about the slots, and about the block, changes with the length: whoever gives the block back
// finds it as if it had been allocated so.
#include <algorithm>
#include <cstdio>
#include <initializer_list>

#include "bufferpool/block_heap.hpp"

namespace bufferpool::detail {
namespace {

/// As much of the bytes as can be used.
std::size_t whole_units(std::size_t bytes, const SizeRange& wanted) noexcept {
  return bytes - bytes % wanted.unit_bytes;
}

}  // namespace

/// A block that is alone in its slots; of 0 slots: none.
struct BlockHeap::WholeBlock {
  std::uint64_t slots = 0;
  std::size_t bytes = 0;
  bool is_run = false;
  SizeClass size_class{};  // of what is no run
};

/// One that fills so many slots; none where such a block would share its slots, or is not to be pooled.
BlockHeap::WholeBlock BlockHeap::whole_block(std::uint64_t slots) const noexcept {
  if (slots == 0 || slots > pool_.slots()) return {};
  const std::size_t bytes = slots * pool_.slot_bytes();
  if (bytes > most_pooled_bytes_) return {};
  if (!has_class({bytes, 1})) return {slots, bytes, true, {}};
  const SizeClass size_class = class_of(bytes);
  const SlabShape shape = slabs_.shape_of(size_class);
  if (shape.blocks != 1 || shape.slots != slots || bytes_of(size_class) != bytes) return {};
  return {slots, bytes, false, size_class};
}

BlockHeap::WholeBlock BlockHeap::whole_block_at(const void* block) const noexcept {
  if (!pool_.owns(block)) return {};
  const std::uint64_t slot = to_number(pool_.index_of(block));
  const SlotUse use = slabs_.use_of(slot);
  if (pool_.core().address_of(slot) != block) return {};
  if (use.kind == SlotUse::Kind::run) {
    if (use.alignment_bits != 0) return {};  // it begins further on, or could not be given back
    return {use.number, use.number * pool_.slot_bytes(), true, {}};
  }
  const SlabShape shape = slabs_.shape_of(use.size_class);
  if (use.kind != SlotUse::Kind::slab || use.number != 0 || shape.blocks != 1) return {};
  return {shape.slots, bytes_of(use.size_class), false, use.size_class};
}

/// True: who gives back a block of this shape finds it.
bool BlockHeap::is_of(const WholeBlock& whole, BlockShape shape) const noexcept {
  if (shape.bytes == 0) return is_of(whole, {1, shape.alignment});
  if (whole.is_run) return !has_class(shape) && slots_for(shape) == whole.slots;
  return has_class(shape) && class_of(last_of(shape) + 1) == whole.size_class;
}

BlockHeap::WholeBlock BlockHeap::least_whole_block(const SizeRange& wanted,
                                                   std::size_t alignment) const noexcept {
  const std::size_t slot_bytes = pool_.slot_bytes();
  const std::uint64_t least =
      bits::divide_up(std::max<std::size_t>(wanted.least_bytes, 1), slot_bytes);
  const std::uint64_t most =
      std::min<std::uint64_t>(pool_.slots(), most_pooled_bytes_ / slot_bytes);
  for (std::uint64_t slots = least; slots <= most; ++slots) {
    const WholeBlock whole = whole_block(slots);
    const std::size_t bytes = whole_units(whole.bytes, wanted);
    if (bytes != 0 && is_of(whole, {bytes, alignment})) return whole;
  }
  return {};
}

std::size_t BlockHeap::usable_bytes(BlockShape shape) const noexcept {
  if (has_class(shape)) return bytes_of(class_of(last_of(shape) + 1));
  if (shape.bytes == 0 || shape.alignment > slot_alignment_) return shape.bytes;
  const WholeBlock run = whole_block(slots_for(shape));
  return run.is_run ? run.bytes : shape.bytes;
}

std::size_t BlockHeap::growable_bytes(const SizeRange& wanted,
                                      std::size_t alignment) const noexcept {
  const std::size_t most = wanted.most_bytes;
  const std::size_t usual = whole_units(usable_bytes({most, alignment}), wanted);
  if (most < pool_.slot_bytes() || alignment > slot_alignment_) return usual;
  // Who would take less is growing, and grows on in place from there.
  const WholeBlock down = whole_block(most / pool_.slot_bytes());
  const std::size_t less = whole_units(down.bytes, wanted);
  if (less != 0 && less >= wanted.least_bytes && is_of(down, {less, alignment})) return less;
  // Who would not, may never grow: not more than a quarter is spent on that.
  const WholeBlock up = least_whole_block({most, most, wanted.unit_bytes}, alignment);
  const std::size_t spare = wanted.least_bytes < most ? most : most / 4;
  return up.slots != 0 && up.bytes - most <= spare ? whole_units(up.bytes, wanted) : usual;
}

std::size_t BlockHeap::usable_bytes_at(const void* block, std::size_t alignment) const noexcept {
  if (pool_.owns(block)) {
    const std::size_t bytes = room_at(block, alignment);
    if (bytes != 0) return bytes;
  } else if (const UpstreamBlock* const found = upstream_.find(block)) {
    return found->shape.bytes;
  }
  char call[80];
  std::snprintf(call, sizeof call, "size or growth of %p, aligned to %zu", block, alignment);
  fail_call(call, block);
}

/// usable_bytes_at() for an address in the pool; 0: no block that is out begins there.
std::size_t BlockHeap::room_at(const void* block, std::size_t alignment) const noexcept {
  const std::uint64_t slot = to_number(pool_.index_of(block));
  const SlotUse use = slabs_.use_of(slot);
  if (use.kind == SlotUse::Kind::none) return 0;
  if (use.kind == SlotUse::Kind::slab) {
    return cells_[to_index(use.size_class)].is_held(block) ? bytes_of(use.size_class) : 0;
  }
  const std::uint64_t first = use.first_of_run(slot);
  if (!begins_in_run(block, first, alignment)) return 0;
  return slabs_.use_of(first).number * pool_.slot_bytes() - lead_bytes(alignment);
}

void* BlockHeap::try_allocate(BlockShape shape) noexcept {
#if defined(__cpp_exceptions)
  try {
    return allocate(shape);
  } catch (...) {
    return nullptr;
  }
#else
  return allocate(shape);  // what fails ends the process there
#endif
}

std::size_t BlockHeap::try_expand(void* block, BlockShape held, const SizeRange& wanted) noexcept {
  if (!pool_.owns(block)) return 0;  // upstream's do not grow
  const std::size_t usable_bytes = room_at(block, held.alignment);
  const bool shares_slot = usable_bytes <= pool_.slot_bytes() / 2;
  if (shares_slot && usable_bytes < wanted.least_bytes) return 0;  // most often, so early
  const WholeBlock before = whole_block_at(block);
  const bool may_grow = before.slots != 0 && held.alignment <= slot_alignment_;
  if (may_grow && !is_of(before, held)) fail_release(block, held);
  const std::size_t within = whole_units(usable_bytes, wanted);
  if (may_grow && within < wanted.most_bytes) {
    const WholeBlock after = extend(block, before, wanted, held.alignment);
    if (after.slots != 0) {
      const std::size_t bytes = whole_units(after.bytes, wanted);
      count_given_back(before, held.bytes);
      change(block, before, after);
      count_held(after, bytes);
      annotate::unpoison_more(block, bytes);
      return bytes;
    }
  }
  if (within < wanted.least_bytes) return 0;
  count_asked_at(block, within - held.bytes);
  annotate::unpoison_more(block, within);
  return within;
}

std::size_t BlockHeap::try_shrink(void* block, BlockShape held, const SizeRange& wanted) noexcept {
  const WholeBlock before = whole_block_at(block);
  WholeBlock after;
  if (before.slots != 0 && held.alignment <= slot_alignment_) {
    if (!is_of(before, held)) fail_release(block, held);
    after = least_whole_block(wanted, held.alignment);
  }
  const bool shrinks = after.slots != 0 && after.slots < before.slots;
  const std::size_t bytes = shrinks ? whole_units(after.bytes, wanted) : held.bytes;
  if (bytes > wanted.most_bytes) return 0;
  annotate::unpoison_more(block, bytes);
  if (!shrinks) return bytes;
  count_given_back(before, held.bytes);
  change(block, before, after);
  pool_.core().shrink_run(block, before.slots, after.slots, Holder::resource);
  count_held(after, bytes);
  return bytes;
}

BlockHeap::WholeBlock BlockHeap::extend(void* block, const WholeBlock& before,
                                        const SizeRange& wanted, std::size_t alignment) noexcept {
  const std::size_t unit_bytes = wanted.unit_bytes;
  const auto try_both = [&]() noexcept -> WholeBlock {
    for (const std::size_t bytes : {wanted.most_bytes, wanted.least_bytes}) {
      const WholeBlock after = least_whole_block({bytes, bytes, unit_bytes}, alignment);
      if (after.slots < before.slots) continue;
      if (pool_.core().try_extend(block, before.slots, after.slots, Holder::resource)) return after;
    }
    return {};
  };
  const WholeBlock after = try_both();
  if (after.slots != 0) return after;
  const std::uint64_t end = to_number(pool_.index_of(block)) + before.slots;
  const WholeBlock least = least_whole_block(wanted, alignment);
  // To move the block would cost more than to look whether what stands in the way is needed.
  const bool may_help = least.slots > before.slots && may_be_freed(end, least.slots - before.slots);
  return may_help && reclaim() ? try_both() : WholeBlock{};
}

/// True: a slab is there, which may hold no block but those in magazines.
bool BlockHeap::may_be_freed(std::uint64_t first, std::uint64_t slots) const noexcept {
  if (slots > pool_.slots() || first > pool_.slots() - slots) return false;
  for (std::uint64_t slot = first; slot < first + slots; ++slot) {
    if (slabs_.use_of(slot).kind == SlotUse::Kind::slab) return true;
  }
  return false;
}

/// The caller holds the slots of both.
void BlockHeap::change(void* block, const WholeBlock& before, const WholeBlock& after) noexcept {
  const std::uint64_t first = to_number(pool_.index_of(block));
  if (!before.is_run) {
    if (!cells_[to_index(before.size_class)].unhold(block)) {
      fail_release(block, {before.bytes, slot_alignment_});
    }
    for (std::uint64_t slot = 1; slot < before.slots; ++slot) slabs_.set_use(first + slot, {});
  }
  if (after.is_run) {
    slabs_.set_use(first, {SlotUse::Kind::run, {}, after.slots});
  } else {
    slabs_.set_taken_slab(first, after.size_class);
    if (!cells_[to_index(after.size_class)].hold(block)) fail_given_twice(block, after.size_class);
  }
}

void BlockHeap::count_held(const WholeBlock& whole, std::size_t asked) noexcept {
  if (whole.is_run) {
    run_slots_.add(whole.slots);
    run_asked_bytes_.add(asked);
    run_peak_.raise(run_blocks_.add(1) + 1);
    return;
  }
  ClassCache* const own = cache_of(caches_.claim(), whole.size_class);
  shared_[to_index(whole.size_class)].out.add(1);
  count_asked(own, whole.size_class, asked);
  note_peak(own, whole.size_class);
}

void BlockHeap::count_given_back(const WholeBlock& whole, std::size_t asked) noexcept {
  if (whole.is_run) {
    run_slots_.subtract(whole.slots);
    run_asked_bytes_.subtract(asked);
    run_blocks_.subtract(1);
    return;
  }
  ClassCache* const own = cache_of(caches_.claim(), whole.size_class);
  note_peak(own, whole.size_class);
  shared_[to_index(whole.size_class)].out.subtract(1);
  count_asked(own, whole.size_class, std::size_t{0} - asked);
}

void BlockHeap::count_asked_at(const void* block, std::size_t more) noexcept {
  const SlotUse use = slabs_.use_of(to_number(pool_.index_of(block)));
  if (use.kind != SlotUse::Kind::slab) {
    run_asked_bytes_.add(more);
  } else {
    count_asked(cache_of(caches_.claim(), use.size_class), use.size_class, more);
  }
}

}  // namespace bufferpool::detail
