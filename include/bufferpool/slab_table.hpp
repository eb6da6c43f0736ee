// Slabs: runs of a pool's slots, cut into blocks of one size class, with a bit for every block.
//
//   slots:   |  slab of class 64  |     slab of class 40 KiB, five slots      |  a run  |  not ours  |
//   words:   [ bit a block        ][ bit a block                             ]
//
// Invariant: a slab whose every bit the caller has taken is the caller's. A slab is given back to the pool
// only by who owns all of its bits, so one block that is out keeps it, and all that is said about it.
// Any thread may call any function.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "bufferpool/atomic_bitmap.hpp"
#include "bufferpool/hint_set.hpp"
#include "bufferpool/pool_core.hpp"
#include "bufferpool/region.hpp"
#include "bufferpool/size_class.hpp"

namespace bufferpool::detail {

/// How the slabs of a class are cut.
struct SlabShape {
  std::uint32_t slots;   // of the pool, consecutive
  std::uint32_t blocks;  // 0: the pool's slots are too small for this class
};

/// What a resource does with a slot.
struct SlotUse {
  enum class Kind : std::uint8_t { none, slab, run, inside_run };
  Kind kind = Kind::none;
  SizeClass size_class{};    // of a slab
  std::uint64_t number = 0;  // slab, inside_run: slots back to the first one; run: its slots
  /// Of a run: the logarithm of an alignment beyond that of slots, which the block was asked for with; else 0.
  std::uint8_t alignment_bits = 0;

  /// Of a run, or inside one: its first slot; the use is that of `slot`.
  [[nodiscard]] std::uint64_t first_of_run(std::uint64_t slot) const noexcept {
    return kind == Kind::run ? slot : slot - number;
  }
};

/// Free blocks of one word of one slab, owned by the caller; none if `mask` is 0.
struct BlockClaim {
  std::uint64_t slab;  // its first slot
  std::uint64_t word;
  bits::Word mask;
};

/// Where a block lies.
struct BlockPlace {
  std::uint64_t slab;
  std::uint64_t block;
};

/// Of the bits of slabs: for blocks from 8 bytes on, from 16, from 32, and from 64.
inline constexpr std::size_t kBitArrays = 4;

class SlabTable {
 public:
  /// How much zeroed memory it needs, aligned to a cache line.
  static std::size_t bytes_for(const PoolCore& pool) noexcept;
  SlabTable(PoolCore& pool, std::byte* memory) noexcept;

  [[nodiscard]] SlabShape shape_of(SizeClass size_class) const noexcept {
    return shapes_[to_index(size_class)];
  }

  /// Up to `most` <= 64 free blocks of a slab, the lowest that has any. `from`: at which part of it, in 2^-32, the
  /// search begins, to go on round it.
  [[nodiscard]] BlockClaim take(SizeClass size_class, unsigned most,
                                std::uint32_t from = 0) noexcept;

  /// Up to `most` <= 64 blocks of a new slab. An empty claim: the pool has no slots for it.
  [[nodiscard]] BlockClaim take_from_new_slab(SizeClass size_class, unsigned most) noexcept;

  /// Gives blocks back; a slab that is free goes back to the pool. Kept is only a small one of several blocks
  /// that came back one by one, if no other of its class has free ones. False: a block was free already; the
  /// pool itself finds that out of a slab of one block.
  [[nodiscard]] bool give(const BlockClaim& blocks) noexcept;

  // --- Blocks that fill a slot, each a slab. A claim of some has the numbers of their slots, as if the pool
  // --- were their one slab: `slab` is 0, `word` one of the pool's bitmap.
  [[nodiscard]] bool fills_slot(SizeClass size_class) const noexcept {
    return shape_of(size_class).slots == 1 && shape_of(size_class).blocks == 1;
  }
  /// Up to `most` <= 64 of them.
  [[nodiscard]] BlockClaim take_slots(SizeClass size_class, unsigned most) noexcept;
  void give_slots(const BlockClaim& blocks) noexcept;

  /// Gives every free slab back to the pool. How many slots that were.
  std::uint64_t release_free_slabs() noexcept;

  /// Calls visit(begin, bytes, size_class) for every slab.
  template <class Visit>
  void for_each_slab(Visit&& visit) const noexcept {
    const std::uint64_t end = slots_end_.get();
    for (std::uint64_t slot = 0; slot < end; ++slot) {
      const SlotUse use = use_of(slot);
      if (use.kind != SlotUse::Kind::slab || use.number != 0) continue;
      visit(pool_.address_of(slot), shape_of(use.size_class).slots * pool_.slot_bytes(),
            use.size_class);
    }
  }

  /// Gives every slab and run back to the pool, whoever holds its blocks. No other thread may be in a call.
  void release_all() noexcept;

  /// For a block that is out: its place.
  [[nodiscard]] BlockPlace place_of(const void* block) const noexcept;
  /// For a block that is out: the claim of it alone.
  [[nodiscard]] BlockClaim claim_of(const void* block, SizeClass size_class) const noexcept;
  /// From a block of a claim to the next.
  [[nodiscard]] std::size_t stride_bytes(SizeClass size_class) const noexcept {
    return strides_[to_index(size_class)];
  }
  /// Of all blocks that a claim of this word may be of.
  [[nodiscard]] std::size_t bytes_in(std::uint64_t word, SizeClass size_class) const noexcept {
    const std::uint64_t blocks =
        fills_slot(size_class) ? pool_.slots() : shape_of(size_class).blocks;
    return stride_bytes(size_class) *
           std::min<std::uint64_t>(blocks - word * bits::kWordBits, bits::kWordBits);
  }
  /// How many blocks fit into the bytes in front of a block.
  [[nodiscard]] std::uint64_t number_at(std::size_t offset, SizeClass size_class) const noexcept {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>(Wide{offset} * reciprocals_[to_index(size_class)] >> 64);
  }
  [[nodiscard]] std::byte* address_of(std::uint64_t slab, SizeClass size_class,
                                      std::uint64_t block) const noexcept {
    return pool_.address_of(slab) + block * stride_bytes(size_class);
  }

  // --- What a slot is used for. To be written by who owns the slot only.
  [[nodiscard]] SlotUse use_of(std::uint64_t slot) const noexcept;
  void set_use(std::uint64_t slot, SlotUse use) noexcept;
  /// True for every slot of a slab or run, also those of which use_of() says nothing. O(slots).
  [[nodiscard]] bool is_used(std::uint64_t slot) const noexcept;
  /// For a class with one block a slab: its slots from `slab` on are one, whose block is taken.
  void set_taken_slab(std::uint64_t slab, SizeClass size_class) noexcept;

 private:
  using Words = AtomicBitmap::Words;

  /// A class has slabs of several slots, and keeps a free one, only in a pool of at least so many slabs.
  static constexpr std::uint64_t kLeastSlabs = 16;

  /// The bits of the slabs of some classes, for each slot as many as the shortest of their blocks may need. With one
  /// array for all, most of each page that is committed would be for blocks of 8 bytes.
  struct BitArray {
    Atomic<bits::Word>* words;
    std::uint64_t words_a_slot;
  };

  [[nodiscard]] AtomicBitmap blocks_of(std::uint64_t slab, SizeClass size_class) const noexcept;
  [[nodiscard]] HintSet hints_of(SizeClass size_class) const noexcept;
  /// Slabs that may be free.
  [[nodiscard]] HintSet may_be_free() noexcept;
  /// The claim is of all blocks of a slab, and they are taken.
  [[nodiscard]] bool is_whole_slab(const BlockClaim& blocks, SizeClass size_class) const noexcept;
  [[nodiscard]] bool is_slab(std::uint64_t slab, SizeClass size_class) const noexcept;
  [[nodiscard]] BlockClaim take_from(std::uint64_t slab, SizeClass size_class, unsigned most,
                                     std::uint32_t from) noexcept;
  void give_back_stray(const BlockClaim& blocks) noexcept;
  /// Another slab of the class has free blocks, or this one is a large part of the pool.
  [[nodiscard]] bool may_go(std::uint64_t slab, SizeClass size_class) const noexcept;
  bool try_release(std::uint64_t slab, SizeClass size_class) noexcept;
  /// To the pool. All of its blocks are the caller's, their bits set.
  void end_slab(std::uint64_t slab, SizeClass size_class) noexcept;
  void note_slab(std::uint64_t slab, SizeClass size_class) noexcept;
  /// Slots that are used for nothing any more.
  void return_slots(std::uint64_t first, std::uint64_t slots) noexcept;

  PoolCore& pool_;
  std::array<SlabShape, kSizeClasses> shapes_;
  std::array<std::size_t, kSizeClasses> strides_;
  std::array<std::uint64_t, kSizeClasses> reciprocals_;  // 2^64 / stride, rounded up
  std::uint64_t hint_words_;                             // of one set
  Gauge<std::uint64_t>* uses_;                           // one a slot
  HintWord* hints_;                                      // class by class, and of may_be_free()
  std::array<BitArray, kBitArrays> bit_arrays_;
  Tally slots_end_;  // slots from here on were never used
};

}  // namespace bufferpool::detail
