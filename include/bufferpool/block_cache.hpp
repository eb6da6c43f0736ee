// The free blocks that one thread keeps of every size class: the hot path of a PoolResource.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "bufferpool/annotate.hpp"
#include "bufferpool/bits.hpp"
#include "bufferpool/block_cells.hpp"
#include "bufferpool/failure.hpp"
#include "bufferpool/magazine.hpp"
#include "bufferpool/size_class.hpp"

namespace bufferpool::detail {

/// The first `asked` of the `bytes` of a block are the caller's. In a hardened build all are known not to
/// have been written to since it was free.
inline void take_over(void* block, std::size_t asked, std::size_t bytes) noexcept {
  if constexpr (annotate::kHardened) {
    annotate::unpoison(block, bytes);
    const std::size_t at = annotate::find_written(block, bytes);
    if (at != bytes) {
      fail(
          "bufferpool: the block of %zu bytes at %p was written to while it was free, at byte %zu; "
          "look for who kept a pointer to it",
          bytes, block, at);
    }
    annotate::poison(block, bytes);
  }
  annotate::unpoison(block, asked);
}

/// Of one class. What push() and pop() need beside the blocks is in one cache line. For the owner, but for
/// what says otherwise; memory of zeros is empty and full.
struct alignas(64) ClassCache {
  using Blocks = Magazine<void*, 1024>;

  BlockCells cells;      // the class's, once a block came here; closed: no push() succeeds
  std::uint32_t wanted;  // by its owner's way of using the class: the limit
  Blocks blocks;  // and the sum of bytes asked for, of blocks handed out minus those given back

  /// A block, which is held from now on; as Magazine::pop_from(). nullptr, and nothing changed: somebody holds
  /// it already.
  [[nodiscard]] void* pop_from(Blocks::Top found, std::size_t asked) noexcept {
    void* const block = blocks.entry_at(found);
    if (block == nullptr) __builtin_unreachable();  // so that the caller need not look
    if (!cells.hold(block)) [[unlikely]] {
      return nullptr;
    }
    blocks.pop_from(found, asked);
    take_over(block, asked, bytes_of(cells.size_class()));
    return block;
  }

  /// False, and nothing changed: the magazine is full, or this is no block of the class that is held, or the cells
  /// are closed.
  [[nodiscard]] bool push(void* block, std::size_t asked) noexcept {
    const Blocks::Top found = blocks.top();
    if (!blocks.has_room(found) || !cells.unhold(block)) [[unlikely]] {
      return false;
    }
    annotate::retire(block, bytes_of(cells.size_class()));
    blocks.push_onto(found, block, std::size_t{0} - asked);
    return true;
  }
};

/// Where in a BlockCache the blocks of a class are: at the number of the class, where the hot path finds them, or
/// behind those of all classes, where it does not.
enum class CachePlace : std::uint8_t {};
inline constexpr unsigned kHiddenPlaces = 3;
inline constexpr unsigned kCachePlaces = kSizeClasses + kHiddenPlaces;

struct alignas(64) BlockCache {
  OwnerWord owner;  // 0: nobody's, and empty
  /// A bit for each place that begin() was called with.
  Gauge<bits::Word> used[bits::divide_up(kCachePlaces, bits::kWordBits)];
  ClassCache places[kCachePlaces];

  /// For the owner: blocks of the class with these cells may come here from now on.
  ClassCache& begin(CachePlace place, const BlockCells& cells) noexcept {
    const auto index = static_cast<unsigned>(place);
    Gauge<bits::Word>& word = used[index / bits::kWordBits];
    word.set(word.get() | bits::bit_of(index));
    places[index].cells = cells;
    return places[index];
  }
  /// For any thread; nullptr where no block ever came: to read its memory would commit a page.
  [[nodiscard]] ClassCache* find(CachePlace place) noexcept {
    const auto index = static_cast<unsigned>(place);
    const bool is_used = (used[index / bits::kWordBits].get() & bits::bit_of(index)) != 0;
    return is_used ? &places[index] : nullptr;
  }

  /// At the number of the class of `last` + 1 <= kTabledBytes bytes.
  [[nodiscard]] ClassCache& of(std::size_t last) noexcept;
};

/// By size in steps of 8: where in a BlockCache its class is. One load instead of a multiplication, which
/// gcc 12 repeats for every member that is used. Hidden: else a shared library loads the table's address.
[[gnu::visibility("hidden")]] inline constexpr auto kCacheOffsets = [] {
  std::array<std::uint32_t, kTabledBytes / 8> offsets{};
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    offsets[i] = static_cast<std::uint32_t>(to_index(kClassTable[i]) * sizeof(ClassCache));
  }
  return offsets;
}();

inline ClassCache& BlockCache::of(std::size_t last) noexcept {
  auto* const first = reinterpret_cast<std::byte*>(places);
  return *reinterpret_cast<ClassCache*>(first + kCacheOffsets[last / 8]);
}

}  // namespace bufferpool::detail
