// How a heap of blocks is laid out: where its metadata lies, and what each class is.
#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "bufferpool/block_heap.hpp"
#include "bufferpool/failure.hpp"

namespace bufferpool::detail {
namespace {

/// Cells of 1 KiB, so that the states of a slot of 64 KiB fill a cache line: blocks of one slab are often
/// one thread's, those of two slabs seldom.
constexpr unsigned kLargestCellShift = 10;
constexpr unsigned kLeastCellShift = 3;

/// No longer than blocks are, and a quarter of it, a grain, divides what slots are aligned to.
unsigned cell_shift(SizeClass size_class, std::size_t slot_alignment) noexcept {
  const auto longest = static_cast<unsigned>(std::bit_width(bytes_of(size_class))) - 1;
  const auto aligned = static_cast<unsigned>(std::countr_zero(slot_alignment)) + 2;
  return std::min({longest, aligned, kLargestCellShift});
}

/// Of all cells of one size.
std::size_t state_bytes(const PoolCore& pool, unsigned shift) noexcept {
  const std::size_t bytes = pool.slots() * pool.slot_bytes();
  return bits::round_up(bits::divide_up(bytes, std::size_t{1} << shift), kLineBytes);
}

/// Of all cell sizes together, and of the largest once more.
std::size_t state_bytes(const PoolCore& pool) noexcept {
  std::size_t bytes = state_bytes(pool, cell_shift(kLargestClass, pool.alignment()));
  for (unsigned shift = kLeastCellShift; shift <= kLargestCellShift; ++shift) {
    bytes += state_bytes(pool, shift);
  }
  return bytes;
}

constexpr std::size_t shared_bytes() noexcept { return kSizeClasses * kLineBytes; }

/// Of what the threads share, and of their caches.
constexpr std::size_t counts_bytes() noexcept {
  return shared_bytes() + kThreadIndices * sizeof(BlockCache);
}

std::size_t slab_bytes(const PoolCore& pool) noexcept {
  return bits::round_up(SlabTable::bytes_for(pool), kLineBytes);
}

Region map_metadata(const SlotPool& handle) {
  if (!handle) {
    throw_invalid_argument("bufferpool: a PoolResource on a SlotPool that was moved from");
  }
  const PoolCore& pool = handle.core();
  if (pool.alignment() < kLeastSlotAlignment) {
    throw_invalid_argument(
        "bufferpool: a PoolResource needs slots aligned to 16 bytes; make slot_bytes a multiple of "
        "16, or give the SlotPool an alignment");
  }
  return Region::map(counts_bytes() + slab_bytes(pool) + state_bytes(pool), kLineBytes);
}

std::uint64_t next_list_id() noexcept {
  // Beside the numbers of pools, which count from 1 on: a block of one is never taken for the other's.
  static constinit Atomic<std::uint64_t> next{std::uint64_t{1} << 63};
  return next.fetch_add(1);
}

}  // namespace

BlockHeap::BlockHeap(SlotPool pool, std::size_t most_pooled_bytes)
    : pool_(std::move(pool)),
      metadata_(map_metadata(pool_)),
      base_(pool_.core().address_of(0)),
      slot_alignment_(pool_.core().alignment()),
      most_pooled_bytes_(most_pooled_bytes),
      shared_(reinterpret_cast<ClassShared*>(metadata_.data())),
      caches_(reinterpret_cast<BlockCache*>(metadata_.data() + shared_bytes()), kThreadIndices),
      slabs_(pool_.core(), metadata_.data() + counts_bytes()),
      upstream_(*pool_.upstream_resource(), next_list_id(), pool_.core().zeroes()) {
  lay_out_classes(metadata_.data() + counts_bytes() + slab_bytes(pool_.core()));
  pool_.core().keepers().add(*this);
}

void BlockHeap::lay_out_classes(std::byte* states) noexcept {
  const std::size_t bytes = pool_.slots() * pool_.slot_bytes();
  std::array<std::byte*, kLargestCellShift + 1> states_of_shift{};
  for (unsigned shift = kLeastCellShift; shift <= kLargestCellShift; ++shift) {
    states_of_shift[shift] = states;
    states += state_bytes(pool_.core(), shift);
  }
  std::byte* const states_of_longest = states;
  static_assert(kSizeClasses <= 2 * BlockCells::kCodes);
  largest_class_bytes_ = 0;
  for (unsigned index = 0; index < kSizeClasses; ++index) {
    const auto size_class = static_cast<SizeClass>(index);
    const unsigned shift = cell_shift(size_class, slot_alignment_);
    std::byte* const own = index < BlockCells::kCodes ? states_of_shift[shift] : states_of_longest;
    cells_[index] = {base_, reinterpret_cast<BlockState*>(own), bytes >> (shift - 2), shift - 2,
                     BlockCells::in_code(size_class)};
    const bool served = slabs_.shape_of(size_class).blocks != 0 && pool_.slots() != 0 &&
                        largest_class_bytes_ < most_pooled_bytes_;
    if (served) largest_class_bytes_ = bytes_of(size_class);
  }
  choose_whole_slots();
}

/// Where whole slots are longer than a class and shorter than the next: a slab of that has fewer blocks than slots, in
/// a pool of few slots one in two. Where a slab has several, short blocks are worth it: they are quicker.
void BlockHeap::choose_whole_slots() noexcept {
  const std::size_t slot_bytes = pool_.slot_bytes();
  std::size_t before = 0;
  unsigned hidden = kSizeClasses;
  for (unsigned index = 0; index < kSizeClasses; ++index) {
    const auto size_class = static_cast<SizeClass>(index);
    const std::size_t bytes = bytes_of(size_class);
    places_[index] = static_cast<CachePlace>(index);
    const std::size_t whole = (bytes - 1) / slot_bytes * slot_bytes;
    if (whole > before && (bytes > kTabledBytes || slabs_.shape_of(size_class).blocks == 1)) {
      whole_slots_bytes_[index] = whole;
      // At most three: one, two or three slots are just shorter than a block of up to four.
      if (bytes <= kTabledBytes) places_[index] = static_cast<CachePlace>(hidden++);
    }
    before = bytes;
  }
}

}  // namespace bufferpool::detail
