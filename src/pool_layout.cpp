#include "pool_layout.hpp"

#include <algorithm>
#include <bit>

#include "bufferpool/failure.hpp"
#include "bufferpool/pool_core.hpp"

namespace bufferpool::detail {
namespace {

constexpr std::uint64_t kMostSlots = std::uint64_t{1} << 32;
constexpr std::size_t kMostNaturalAlignment = 4096;

/// Pools of fewer slots have no magazines: "full" is reported only when every slot is taken.
constexpr std::uint64_t kLeastSlotsForMagazines = 64;
constexpr std::uint64_t kSlotsACache = 32;

std::size_t natural_alignment(std::size_t slot_bytes) noexcept {
  return std::min(bits::alignment_of(slot_bytes), kMostNaturalAlignment);
}

void check(const SlotPoolOptions& options) {
  if (options.slot_bytes == 0) {
    throw_invalid_argument("bufferpool: slot_bytes is 0; it must be at least 1");
  }
  if (options.slots > kMostSlots) {
    throw_invalid_argument("bufferpool: slots is above 2^32, the most that a pool can have");
  }
  if (options.alignment != 0 && !std::has_single_bit(options.alignment)) {
    throw_invalid_argument(
        "bufferpool: alignment must be a power of two, or 0 for the natural one");
  }
}

/// Lays parts one behind the other; remembers whether an offset has overflowed.
class Ruler {
 public:
  std::size_t place(std::uint64_t count, std::size_t bytes_each, std::size_t alignment) noexcept {
    std::size_t padded = 0;
    overflows_ |= __builtin_add_overflow(end_, alignment - 1, &padded);
    const std::size_t begin = padded / alignment * alignment;
    std::size_t bytes = 0;
    overflows_ |= __builtin_mul_overflow(count, bytes_each, &bytes);
    overflows_ |= __builtin_add_overflow(begin, bytes, &end_);
    return begin;
  }
  [[nodiscard]] std::size_t end() const noexcept { return end_; }
  [[nodiscard]] bool overflows() const noexcept { return overflows_ || end_ > PTRDIFF_MAX; }

 private:
  std::size_t end_ = 0;
  bool overflows_ = false;
};

std::uint32_t caches_for(std::uint64_t slots) noexcept {
  if (slots < kLeastSlotsForMagazines) return 0;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(slots / kSlotsACache, kThreadIndices));
}

/// Empty where the sizes overflow.
std::optional<PoolLayout> lay_out(const SlotPoolOptions& options, std::uint64_t slots,
                                  std::size_t guard_bytes) noexcept {
  PoolLayout layout{};
  layout.alignment =
      options.alignment != 0 ? options.alignment : natural_alignment(options.slot_bytes);
  layout.region_alignment = std::max(layout.alignment, kLineBytes);
  if (options.slot_bytes > PTRDIFF_MAX || layout.alignment > PTRDIFF_MAX) return std::nullopt;
  layout.slot_bytes = bits::round_up(options.slot_bytes, layout.alignment);
  layout.slots = slots;
  layout.cache_count = caches_for(slots);
  Ruler ruler;
  ruler.place(1, sizeof(PoolCore), kLineBytes);
  layout.chunks = ruler.place(slots, sizeof(Chunk), kLineBytes);
  layout.words = ruler.place(AtomicBitmap::words_for(slots), sizeof(bits::Word), kLineBytes);
  layout.summary =
      ruler.place(AtomicBitmap::summary_words_for(slots), sizeof(bits::Word), kLineBytes);
  layout.caches = ruler.place(layout.cache_count, sizeof(SlotCache), kLineBytes);
  layout.metadata_end = ruler.end();
  ruler.place(guard_bytes, 1, 1);
  layout.first_slot =
      ruler.place(slots, layout.slot_bytes, std::max(layout.region_alignment, guard_bytes));
  layout.total_bytes = ruler.end();
  if (ruler.overflows()) return std::nullopt;
  return layout;
}

}  // namespace

PoolLayout PoolLayout::of(const SlotPoolOptions& options, std::size_t guard_bytes) {
  check(options);
  const std::optional<PoolLayout> layout = lay_out(options, options.slots, guard_bytes);
  if (!layout) throw_bad_array_new_length();
  return *layout;
}

PoolLayout PoolLayout::fit(const SlotPoolOptions& options, std::size_t storage_bytes) {
  check({.slot_bytes = options.slot_bytes, .slots = 0, .alignment = options.alignment});
  // Binary search: fewer slots never need more bytes.
  std::uint64_t fits = 0;
  std::uint64_t too_many = std::min(kMostSlots, storage_bytes / options.slot_bytes) + 1;
  while (too_many - fits > 1) {
    const std::uint64_t slots = fits + (too_many - fits) / 2;
    const std::optional<PoolLayout> layout = lay_out(options, slots, 0);
    (layout && layout->total_bytes <= storage_bytes ? fits : too_many) = slots;
  }
  if (fits == 0) {
    throw_invalid_argument(
        "bufferpool: the storage is too small for one slot and the pool's own data; give it at "
        "least slot_bytes + 1 KiB, and room for the alignment");
  }
  return *lay_out(options, fits, 0);
}

}  // namespace bufferpool::detail
