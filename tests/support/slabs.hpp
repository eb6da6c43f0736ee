// A slab table that can be tested alone, with a pool and memory of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bufferpool/slab_table.hpp"
#include "bufferpool/slot_pool.hpp"
#include "support/pool_shapes.hpp"

namespace bufferpool::test {

struct Slabs {
  explicit Slabs(const PoolShape& shape)
      : pool(shape.make()),
        lines(detail::SlabTable::bytes_for(pool.core()) / sizeof(Line) + 1),
        table(pool.core(), lines[0].bytes) {}

  detail::SlabTable* operator->() { return &table; }

  /// Up to `most` blocks, of a new slab if need be.
  [[nodiscard]] detail::BlockClaim take(detail::SizeClass size_class, unsigned most,
                                        std::uint32_t from = 0) {
    const detail::BlockClaim claim = table.take(size_class, most, from);
    return claim.mask != 0 ? claim : table.take_from_new_slab(size_class, most);
  }
  /// Everything that the pool has room for.
  [[nodiscard]] std::vector<detail::BlockClaim> take_all(detail::SizeClass size_class) {
    std::vector<detail::BlockClaim> all;
    for (auto claim = take(size_class, 64); claim.mask != 0; claim = take(size_class, 64)) {
      all.push_back(claim);
    }
    return all;
  }
  [[nodiscard]] std::vector<std::byte*> blocks_in(const detail::BlockClaim& claim,
                                                  detail::SizeClass size_class) const {
    std::vector<std::byte*> blocks;
    for (bits::Word rest = claim.mask; rest != 0; rest &= rest - 1) {
      blocks.push_back(
          table.address_of(claim.slab, size_class, bits::lowest_number(claim.word, rest)));
    }
    return blocks;
  }

  struct alignas(64) Line {
    std::byte bytes[64];
  };

  SlotPool pool;
  std::vector<Line> lines;
  detail::SlabTable table;
};

}  // namespace bufferpool::test
