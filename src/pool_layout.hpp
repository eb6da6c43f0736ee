// Where the parts of a pool lie in its region. Private to the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "bufferpool/pool_options.hpp"

namespace bufferpool::detail {

/// Offsets in bytes from the start of the region, which is aligned to `region_alignment`.
struct PoolLayout {
  std::size_t region_alignment;
  std::size_t alignment;   // of a slot
  std::size_t slot_bytes;  // a multiple of it
  std::uint64_t slots;
  std::uint32_t cache_count;
  std::size_t chunks;
  std::size_t words;
  std::size_t summary;
  std::size_t caches;
  std::size_t metadata_end;
  std::size_t first_slot;
  std::size_t total_bytes;

  /// With so many bytes, 0 or a page, free before the first slot, which then begins a page.
  /// Throws std::invalid_argument, or std::bad_array_new_length where the sizes overflow.
  static PoolLayout of(const SlotPoolOptions& options, std::size_t guard_bytes = 0);

  /// As many slots as fit into `storage_bytes`; throws std::invalid_argument where not even one does.
  static PoolLayout fit(const SlotPoolOptions& options, std::size_t storage_bytes);
};

}  // namespace bufferpool::detail
