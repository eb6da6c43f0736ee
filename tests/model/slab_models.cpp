// Models of SlabTable: blocks that are taken, given back and whose slabs come and go.
#include "bufferpool/slab_table.hpp"
#include "commands.hpp"
#include "support.hpp"

namespace bufferpool::model {
namespace {

using detail::BlockClaim;
using detail::SizeClass;
using detail::SlabTable;

/// A slab table and its pool, of 16 slots, the least at which a class keeps a free slab.
template <std::uint64_t kFree, std::size_t kSlotBytes, std::size_t kTableBytes>
struct Table {
  static constexpr std::uint64_t kPoolSlots = 16;

  Table() : table(*pool.core, memory) {
    check(SlabTable::bytes_for(*pool.core) <= sizeof memory, "set-up");
    name(memory, sizeof memory, "table");
  }

  Pool<kPoolSlots, kFree, kSlotBytes> pool;
  alignas(64) std::byte memory[kTableBytes] = {};
  SlabTable table;
};

/// A pool with few free slots, each a slab of one, two or four blocks.
template <std::uint64_t kSlots>
struct Slabs : Table<kSlots, kLeastSlotBytes, 8192> {
  using Base = Table<kSlots, kLeastSlotBytes, 8192>;
  using Base::kPoolSlots, Base::pool, Base::table;
  static constexpr std::size_t kLeastBlock = 16;
  static constexpr std::uint64_t kCells = 64 / kLeastBlock;  // of a slot
  static constexpr Bounds kQuick{.stale = 1, .spurious = 0};

  [[nodiscard]] BlockClaim take(SizeClass size_class) {
    const BlockClaim found = table.take(size_class, 1);
    return found.mask != 0 ? found : table.take_from_new_slab(size_class, 1);
  }
  /// Blocks of different classes overlap: what is written is the cells of the smallest.
  void use(const BlockClaim& claim, SizeClass size_class) {
    const std::uint64_t cells = detail::bytes_of(size_class) / kLeastBlock;
    for (Word rest = claim.mask; rest != 0; rest &= rest - 1) {
      const std::uint64_t block = bits::lowest_number(claim.word, rest);
      const std::uint64_t first = (claim.slab - (kPoolSlots - kSlots)) * kCells + block * cells;
      for (std::uint64_t cell = 0; cell < cells; ++cell) payload.use(first + cell);
    }
  }
  void take_use_give(SizeClass size_class) {
    const BlockClaim claim = take(size_class);
    if (claim.mask == 0) return;
    use(claim, size_class);
    check(table.give(claim), "a block that was held was free");
  }
  /// When all is quiet every slot can be had again.
  void finish() {
    static_cast<void>(table.release_free_slabs());
    check(pool.count_allocatable() == kSlots, "a slot is lost");
  }

  Payload<kCells * kSlots> payload;
};

SizeClass quarter_slot() { return detail::class_of(16); }
SizeClass half_slot() { return detail::class_of(32); }
SizeClass whole_slot() { return detail::class_of(64); }

/// A slab is cut for the first time, in memory that reads as "all free", while another thread looks for a
/// block: it finds it only after it was opened.
struct SlabFirstOpen : Slabs<1> {
  static constexpr unsigned kThreads = 2;
  static constexpr Bounds kQuick{};
  void thread(unsigned index) {
    const BlockClaim claim =
        index == 0 ? table.take_from_new_slab(half_slot(), 1) : table.take(half_slot(), 1);
    if (claim.mask == 0) return;
    use(claim, half_slot());
    check(table.give(claim), "a block that was held was free");
  }
};

/// Two threads take and give blocks of one class: one slab is kept, a second goes back.
struct SlabTakeGive : Slabs<2> {
  static constexpr unsigned kThreads = 2;
  static constexpr Bounds kQuick{.preemptions = 2, .stale = 1, .spurious = 0, .stops = 0};
  static constexpr Bounds kFull{.preemptions = 4, .stale = 1, .spurious = 0, .stops = 1};
  void thread(unsigned) {
    for (int round = 0; round < 2; ++round) take_use_give(half_slot());
  }
};

/// The one slot was a slab of two blocks and becomes one of four, whose bits are the same word: who comes
/// with a stale hint takes bits of it, to use or to release the slab, and must find out whose they are.
template <bool kReleases>
struct SlabChangesClass : Slabs<1> {
  static constexpr unsigned kThreads = 2;
  static constexpr Bounds kFull{.preemptions = 4, .stale = 2, .spurious = 1, .stops = 1};
  SlabChangesClass() { check(table.give(table.take_from_new_slab(half_slot(), 1)), "set-up"); }
  void thread(unsigned index) {
    if (index == 1) return change();
    if (kReleases) static_cast<void>(table.release_free_slabs());
    take_use_give(half_slot());
  }
  void change() {
    static_cast<void>(table.release_free_slabs());
    const BlockClaim all = table.take_from_new_slab(quarter_slot(), 4);
    if (all.mask == 0) return;
    for (const unsigned block : {1U, 0U, 2U, 3U}) {
      const BlockClaim one{all.slab, all.word, bit_of(block)};
      use(one, quarter_slot());
      check(table.give(one), "a block that was held was free");
    }
  }
};

/// A slab of one block is full or gone: there is no hint of it, and its bit stays set.
struct SlabOfOneBlock : Slabs<1> {
  static constexpr unsigned kThreads = 2;
  void thread(unsigned) {
    for (int round = 0; round < 2; ++round) take_use_give(whole_slot());
  }
};

/// Who holds all blocks of a slab gives them at once, and the slot becomes one of another class, while
/// someone comes with a hint of before.
struct SlabGivenWhole : Slabs<1> {
  static constexpr unsigned kThreads = 2;
  static constexpr Bounds kFull{.preemptions = 4, .stale = 2, .spurious = 1, .stops = 1};
  SlabGivenWhole() { check(table.give(table.take_from_new_slab(half_slot(), 1)), "set-up"); }
  void thread(unsigned index) {
    if (index == 0) return take_use_give(half_slot());
    const BlockClaim both = table.take(half_slot(), 2);
    if (both.mask == 0) return;
    use(both, half_slot());
    check(table.give(both), "a block that was held was free");
    take_use_give(quarter_slot());
  }
};

/// Blocks that fill a slot are taken two at once from the pool's bitmap, against slabs of smaller ones.
struct SlabsAgainstSlots : Slabs<2> {
  static constexpr unsigned kThreads = 2;
  static constexpr Bounds kFull{.preemptions = 4, .stale = 2, .spurious = 1, .stops = 1};
  void thread(unsigned index) {
    for (int round = 0; round < 2; ++round) {
      if (index == 0) {
        take_use_give(half_slot());
        continue;
      }
      const BlockClaim claim = table.take_slots(whole_slot(), 2);
      if (claim.mask == 0) continue;
      use(claim, whole_slot());
      table.give_slots(claim);
    }
  }
};

/// Someone releases free slabs while others take from them.
struct SlabReleaseAgainstTake : Slabs<2> {
  static constexpr unsigned kThreads = 3;
  static constexpr Bounds kQuick{.preemptions = 2, .stale = 1, .spurious = 0, .stops = 0};
  static constexpr Bounds kFull{.preemptions = 3, .stale = 1, .spurious = 0, .stops = 1};
  SlabReleaseAgainstTake() {
    check(table.give(table.take_from_new_slab(half_slot(), 1)), "set-up");
  }
  void thread(unsigned index) {
    if (index == 2) return static_cast<void>(table.release_free_slabs());
    take_use_give(half_slot());
  }
};

/// A slab of two words, in the pool's last slot: who releases it claims one word after the other, and gives the
/// first back where the second cannot be had. A block of 8 bytes is the word that it lies in.
struct SlabOfTwoWords : Table<1, 1024, 16384> {
  static constexpr unsigned kThreads = 3;

  SlabOfTwoWords() { check(table.give(table.take_from_new_slab(eight_bytes(), 64)), "set-up"); }
  static SizeClass eight_bytes() { return detail::class_of(8); }
  /// `from`: at which of the two it looks first.
  BlockClaim take_word(std::uint32_t from = 0) {
    const BlockClaim claim = table.take(eight_bytes(), 64, from << 31);
    if (claim.mask != 0) payload.use(claim.word);
    return claim;
  }

  Payload<2> payload;
};

/// Two threads take a word each, from either end, and keep it.
struct SlabOfTwoWordsAgainstTake : SlabOfTwoWords {
  static constexpr Bounds kQuick{.stale = 1, .spurious = 0, .stops = 0};
  static constexpr Bounds kFull{.preemptions = 4, .spurious = 1, .stops = 1};
  void thread(unsigned index) {
    if (index == 0) return static_cast<void>(table.release_free_slabs());
    held[index - 1] = take_word(index - 1).mask != 0;
  }
  void finish() {
    if (held[0] != held[1]) check(take_word().mask != 0, "a word of free blocks is hidden");
  }
  std::array<bool, 2> held{};
};

/// A word comes back while two threads try to release the slab: one does, or the next who tries.
struct SlabOfTwoWordsAgainstGive : SlabOfTwoWords {
  static constexpr Bounds kQuick{.preemptions = 2, .stale = 1, .spurious = 0, .stops = 0};
  static constexpr Bounds kFull{.preemptions = 3, .stale = 1, .spurious = 0, .stops = 1};
  void thread(unsigned index) {
    if (index != 1) return static_cast<void>(table.release_free_slabs());
    const BlockClaim claim = take_word();
    if (claim.mask != 0) check(table.give(claim), "a block that was held was free");
  }
  void finish() {
    static_cast<void>(table.release_free_slabs());
    check(pool.count_allocatable() == 1, "a free slab is not found");
  }
};

}  // namespace

void add_slab_models(Models& models) {
  models.push_back(make_model<SlabFirstOpen>("slab_opened_for_the_first_time"));
  models.push_back(make_model<SlabTakeGive>("slab_take_give"));
  models.push_back(make_model<SlabChangesClass<false>>("slab_changes_class_against_take"));
  models.push_back(make_model<SlabChangesClass<true>>("slab_changes_class_against_release"));
  models.push_back(make_model<SlabOfOneBlock>("slab_of_one_block"));
  models.push_back(make_model<SlabGivenWhole>("slab_given_whole"));
  models.push_back(make_model<SlabsAgainstSlots>("slabs_against_slots_by_the_word"));
  models.push_back(make_model<SlabReleaseAgainstTake>("slab_release_against_take"));
  models.push_back(make_model<SlabOfTwoWordsAgainstTake>("slab_of_two_words_against_take"));
  models.push_back(make_model<SlabOfTwoWordsAgainstGive>("slab_of_two_words_against_give"));
}

}  // namespace bufferpool::model
