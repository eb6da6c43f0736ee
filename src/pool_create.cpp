// The beginning and the end of a pool.
#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include "bufferpool/failure.hpp"
#include "bufferpool/pool_core.hpp"
#include "pool_layout.hpp"

namespace bufferpool::detail {
namespace {

/// Smaller pools come from the heap, which has pages from earlier ones: a mapping costs two system calls, and
/// a fault for every page. A hardened build maps them all, for the sake of the guard pages.
constexpr std::size_t kLeastMappedBytes = annotate::kHardened ? 0 : 1024 * 1024;

/// Of slots that were never used so many are marked for a tool that watches: its marks commit memory.
constexpr std::size_t kMostHiddenBytes = 16 * 1024 * 1024;

constinit Atomic<std::uint64_t> next_id{1};

Region map(const PoolLayout& layout) {
  Region region = Region::map(layout.total_bytes, layout.region_alignment);
  region.guard_before(region.data() + layout.first_slot);  // the pool's own data lie there
  return region;
}

template <class T>
T* at(const Region& region, std::size_t offset) noexcept {
  return reinterpret_cast<T*>(region.data() + offset);
}

AtomicBitmap::Words words_at(const Region& region, std::size_t offset, std::uint64_t count) {
  return {at<Atomic<bits::Word>>(region, offset), count};
}

unsigned shift_of(std::size_t slot_bytes) noexcept {
  return std::has_single_bit(slot_bytes) ? static_cast<unsigned>(std::countr_zero(slot_bytes)) : 0;
}

}  // namespace

// Bytes of zero are a valid value of every type in the metadata, which therefore is not constructed:
// in a mapping of 2^32 slots nothing is touched before it is needed.
static_assert(sizeof(Atomic<bits::Word>) == sizeof(bits::Word));
static_assert(Atomic<bits::Word>::is_always_lock_free);

PoolCore::PoolCore(const SlotPoolOptions& options, const PoolLayout& layout, Region region) noexcept
    : first_slot_(region.data() + layout.first_slot),
      slots_bytes_(layout.slots * layout.slot_bytes),
      slot_bytes_(layout.slot_bytes),
      chunks_(at<Chunk>(region, layout.chunks)),
      slot_shift_(shift_of(layout.slot_bytes)),
      slots_(layout.slots),
      id_(next_id.fetch_add(1)),
      alignment_(layout.alignment),
      zeroes_(options.zero_on_release),
      upstream_(options.upstream != nullptr ? options.upstream : std::pmr::new_delete_resource()),
      bitmap_(words_at(region, layout.words, AtomicBitmap::words_for(layout.slots)),
              words_at(region, layout.summary, AtomicBitmap::summary_words_for(layout.slots)),
              layout.slots),
      caches_(at<SlotCache>(region, layout.caches), layout.cache_count),
      region_(std::move(region)) {}

PoolCore* PoolCore::create_in(const SlotPoolOptions& options, const PoolLayout& layout,
                              Region region) {
  std::byte* const place = region.data();
  // In a hardened build the slots as well: free ones read as zero.
  const std::size_t zeroed = annotate::kHardened ? layout.total_bytes : layout.metadata_end;
  if (!region.is_zeroed()) std::memset(place, 0, zeroed);
  auto* const core = ::new (place) PoolCore(options, layout, std::move(region));
  if constexpr (annotate::kEnabled) core->hide_unused();
  return core;
}

void PoolCore::hide_unused() noexcept {
  const std::uint64_t slots = std::min<std::uint64_t>(slots_, kMostHiddenBytes / slot_bytes_);
  if (slots != 0) poison(0, slots);
}

PoolCore* PoolCore::create(const SlotPoolOptions& options) {
  const PoolLayout layout = PoolLayout::of(options);
  if (options.region == nullptr && layout.total_bytes >= kLeastMappedBytes) {
    const std::size_t guard = Region::guard_bytes();
    const PoolLayout guarded = guard == 0 ? layout : PoolLayout::of(options, guard);
    return create_in(options, guarded, map(guarded));
  }
  std::pmr::memory_resource* const source =
      options.region != nullptr ? options.region : std::pmr::new_delete_resource();
  return create_in(options, layout,
                   Region::take_from(*source, layout.total_bytes, layout.region_alignment));
}

PoolCore* PoolCore::create(const SlotPoolOptions& options, std::span<std::byte> storage) {
  const std::size_t alignment =
      PoolLayout::of({.slot_bytes = options.slot_bytes, .slots = 0, .alignment = options.alignment})
          .region_alignment;
  void* begin = storage.data();
  std::size_t bytes = storage.size();
  if (std::align(alignment, 1, begin, bytes) == nullptr) bytes = 0;
  const PoolLayout layout = PoolLayout::fit(options, bytes);
  return create_in(options, layout, Region::borrow({static_cast<std::byte*>(begin), bytes}));
}

void PoolCore::destroy() noexcept {
  if constexpr (annotate::kEnabled) {
    annotate::unpoison(first_slot_, touched_slots_.get() * slot_bytes_);
  }
  const Region region = std::move(region_);  // outlives the core, which lies in it
  this->~PoolCore();
}

}  // namespace bufferpool::detail
