// How blocks move between slabs and magazines: the paths behind a pop or push that failed.
#include <algorithm>

#include "block_gatherer.hpp"
#include "bufferpool/block_heap.hpp"
#include "bufferpool/failure.hpp"

namespace bufferpool::detail {
namespace {

using bits::kWordBits;
using bits::Word;

/// A thread keeps at most so many bytes of a class, and this part of the pool's.
constexpr std::size_t kMostCachedBytes = 16 * 1024 * 1024;
constexpr std::uint64_t kCachedPart = 16;
/// And so large a part of the pool of all classes together, not counting those of which it keeps a small part of that.
constexpr std::uint64_t kAllCachedPart = 4;
constexpr std::uint64_t kSmallPart = 32;

/// A thread that gives back what others took keeps no more than this, and whoever takes gets so much at
/// once; but some blocks, however long they are, and not more than make up for what a refill costs.
constexpr std::size_t kFewCachedBytes = 512 * 1024;
constexpr std::uint32_t kLeastFew = 4;
constexpr std::uint32_t kMostFew = 128;

/// Of so many requests in a row that find nothing the first asks the other threads: to look at each class of each thread
/// costs more than upstream does, and a thread answers when it next gives back, not sooner.
constexpr std::uint64_t kRequestsAnAsking = 16;

std::uint32_t few_of(SizeClass size_class) noexcept {
  const auto blocks = static_cast<std::uint32_t>(kFewCachedBytes / bytes_of(size_class));
  return std::clamp(blocks, kLeastFew, kMostFew);
}

/// What a thread gets at first, of no more than a slot: a word of blocks, so that their states, which it writes all
/// the time, share a cache line with nobody else's.
std::uint32_t first_of(SizeClass size_class, std::size_t slot_bytes) noexcept {
  const std::size_t in_slot = slot_bytes / bytes_of(size_class);
  return static_cast<std::uint32_t>(std::clamp<std::size_t>(in_slot, kLeastFew, kWordBits));
}

/// At which part of a slab, in 2^-32, a thread looks for blocks first: so the threads, however many, lie far from each
/// other. Else the states that one writes would share a cache line with its neighbour's, or be fetched with it.
/// (Fibonacci hashing: D. E. Knuth, The Art of Computer Programming 3, 6.4.)
std::uint32_t own_part() noexcept {
  constexpr std::uint32_t kGolden = 0x9E3779B9u;
  return index_of_ticket(this_thread_ticket) * kGolden;
}

}  // namespace

std::uint32_t BlockHeap::magazine_limit(SizeClass size_class) const noexcept {
  // None of long blocks, or of those that are longer than a part: an idle thread would keep them from all others.
  if (is_long(size_class)) return 0;
  const std::uint64_t part = pool_.slots() * pool_.slot_bytes() / (kCachedPart * caches_.sharers());
  const std::uint64_t bytes = std::min<std::uint64_t>(kMostCachedBytes, part);
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(bytes / bytes_of(size_class), ClassCache::Blocks::kCapacity));
}

ClassCache* BlockHeap::cache_of(BlockCache* own, SizeClass size_class) const noexcept {
  if (own == nullptr) return nullptr;
  BlockCells cells = cells_[to_index(size_class)];
  // What is overwritten, or waits in quarantine, is given back the longer way: the hot path knows no block.
  if (annotate::kHardened || pool_.core().zeroes()) cells.grains = 0;
  return &own->begin(places_[to_index(size_class)], cells);
}

void* BlockHeap::allocate_slowly(BlockShape shape) {
  if (!has_class(shape)) return allocate_other(shape);
  const SizeClass size_class = class_of(last_of(shape) + 1);
  if (ClassCache* const own = find_cache(caches_.mine(), size_class)) {
    const ClassCache::Blocks::Top found = own->blocks.top();
    if (own->blocks.has_entry(found)) {
      if (void* const block = own->pop_from(found, shape.bytes)) return block;
      fail_given_twice(own->blocks.pop_from(found), size_class);
    }
  }
  return allocate_of(size_class, shape);
}

void* BlockHeap::allocate_of(SizeClass size_class, BlockShape shape) {
  ClassCache* const own = cache_of(caches_.claim(), size_class);
  void* block = find_block(own, size_class);
  if (block == nullptr && reclaim()) block = find_block(own, size_class);
  if (block == nullptr) {
    ask_others_back();
    return allocate_upstream(shape, shared_[to_index(size_class)].upstream_calls);
  }
  count_asked(own, size_class, shape.bytes);
  if (!cells_[to_index(size_class)].hold(block)) fail_given_twice(block, size_class);
  take_over(block, shape.bytes, bytes_of(size_class));
  return block;
}

void BlockHeap::deallocate_slowly(void* block, BlockShape shape) noexcept {
  if (!has_class(shape)) return deallocate_other(block, shape);
  const SizeClass size_class = class_of(last_of(shape) + 1);
  if (!cells_[to_index(size_class)].unhold(block)) return deallocate_upstream(block, shape);
  // Nobody keeps a long block: one alone in its slab goes with its slots now, which the pool overwrites.
  const bool goes_now = is_long(size_class) && slabs_.shape_of(size_class).blocks == 1;
  annotate::retire(block, bytes_of(size_class), pool_.core().zeroes() && !goes_now);
  ClassCache* const own = cache_of(caches_.claim(), size_class);
  count_asked(own, size_class, std::size_t{0} - shape.bytes);
  void* const leaves = annotate::kHardened ? give_to_quarantine(size_class, block, own) : block;
  if (leaves == nullptr || (own != nullptr && own->blocks.push(leaves))) return;
  give_back(size_class, leaves, own);
}

void BlockHeap::count_asked(ClassCache* own, SizeClass size_class, std::size_t bytes) noexcept {
  if (own == nullptr) {
    shared_[to_index(size_class)].asked_bytes.add(bytes);
  } else {
    own->blocks.add(bytes);
  }
}

void* BlockHeap::find_block(ClassCache* own, SizeClass size_class) noexcept {
  if (own != nullptr) {
    // Not empty if it is new to this thread: another one, which has ended, left blocks there.
    void* const block = own->blocks.pop_or<void*>(nullptr);
    return block != nullptr ? block : refill(*own, size_class);
  }
  const BlockClaim claim = take_blocks(size_class, 1);
  if (claim.mask == 0) return nullptr;
  shared_[to_index(size_class)].out.add(1);
  return slabs_.address_of(claim.slab, size_class, bits::lowest_number(claim.word, claim.mask));
}

BlockClaim BlockHeap::take_blocks(SizeClass size_class, unsigned most) noexcept {
  if (slabs_.fills_slot(size_class)) return slabs_.take_slots(size_class, most);
  const BlockClaim claim = slabs_.take(size_class, most, own_part());
  return claim.mask != 0 ? claim : slabs_.take_from_new_slab(size_class, most);
}

/// Asks no other thread for slots, and does not search for a run of them.
BlockClaim BlockHeap::take_more_blocks(SizeClass size_class, unsigned most) noexcept {
  const bool may_open_slab = slabs_.shape_of(size_class).slots == 1 && pool_.core().has_free_slot();
  return may_open_slab ? take_blocks(size_class, most) : slabs_.take(size_class, most, own_part());
}

void* BlockHeap::refill(ClassCache& own, SizeClass size_class) noexcept {
  note_peak(&own, size_class);
  // Who takes again and again gets more at once, and is let keep more of what it will give back.
  const std::uint32_t first = first_of(size_class, pool_.slot_bytes());
  const std::uint32_t before = limit_of(own, size_class);
  own.wanted = std::clamp(2 * own.wanted, first, ClassCache::Blocks::kCapacity);
  if (limit_of(own, size_class) > before) share_among_classes();
  const std::uint32_t limit = limit_of(own, size_class);
  own.blocks.set_limit(limit);
  void* const block = take_batch(own.blocks, size_class, std::min(limit, few_of(size_class)));
  if (block == nullptr) return nullptr;
  if (unserved_.get() != 0) unserved_.reset();
  shared_[to_index(size_class)].out.add(1 + std::uint64_t{own.blocks.fill()});
  own.blocks.mark_low_water();
  return block;
}

/// Where the classes of this thread may keep too much together, each that may keep much of it may keep half of that. So
/// those that are in use grow again, and the others dwindle.
void BlockHeap::share_among_classes() noexcept {
  BlockCache& own = *caches_.mine();
  const std::uint64_t most_bytes =
      pool_.slots() * pool_.slot_bytes() / (kAllCachedPart * caches_.sharers());
  const auto much_of = [&](const ClassCache& cache, SizeClass size_class) -> std::uint64_t {
    const std::uint64_t bytes = limit_of(cache, size_class) * bytes_of(size_class);
    return bytes > most_bytes / kSmallPart ? bytes : 0;
  };
  std::uint64_t all_bytes = 0;
  for_each_cache(own, [&](const ClassCache& cache, SizeClass size_class) {
    all_bytes += much_of(cache, size_class);
  });
  if (all_bytes <= most_bytes) return;
  for_each_cache(own, [&](ClassCache& cache, SizeClass size_class) {
    if (much_of(cache, size_class) == 0) return;
    cache.wanted = limit_of(cache, size_class) / 2;
    // Not if it was asked back.
    if (cache.blocks.limit() > cache.wanted) cache.blocks.set_limit(cache.wanted);
    if (cache.blocks.fill() <= cache.wanted) return;
    note_peak(&cache, size_class);
    flush(cache, cache.blocks.fill() - cache.wanted, size_class);
    cache.blocks.mark_low_water();
  });
}

void* BlockHeap::take_batch(ClassCache::Blocks& blocks, SizeClass size_class,
                            std::uint32_t wanted) noexcept {
  const unsigned batch = std::clamp(wanted, 1U, std::uint32_t{kWordBits});
  const std::size_t stride = slabs_.stride_bytes(size_class);
  std::byte* block = nullptr;
  // Half of a batch will do: a word has often no more, and the next one is not worth another operation.
  for (unsigned taken = 0; 2 * taken < batch;) {
    const unsigned most = batch - taken;
    const BlockClaim claim =
        taken == 0 ? take_blocks(size_class, most) : take_more_blocks(size_class, most);
    if (claim.mask == 0) break;
    taken += bits::count(claim.mask);
    std::byte* const first = slabs_.address_of(claim.slab, size_class, claim.word * kWordBits);
    Word rest = claim.mask;
    if (block == nullptr) {
      block = slabs_.address_of(claim.slab, size_class, bits::lowest_number(claim.word, rest));
      rest &= rest - 1;
    }
    rest = blocks.push_bits(rest, [=](unsigned bit) { return first + bit * stride; });
    if (rest == 0) continue;
    give_blocks({claim.slab, claim.word, rest}, size_class);
    break;
  }
  return block;
}

void BlockHeap::give_back(SizeClass size_class, void* block, ClassCache* own) noexcept {
  note_peak(own, size_class);
  if (own != nullptr) {
    ClassCache::Blocks& blocks = own->blocks;
    const std::uint32_t few = few_of(size_class);
    own->wanted = std::max(limit_of(*own, size_class), few + few / 2) - few / 2;
    const std::uint32_t limit = limit_of(*own, size_class);
    const bool asked_back = blocks.is_asked_back();
    // Half, as some may soon be wanted; none of so few that a batch would be too small to be worth it.
    const std::uint32_t keep = asked_back || limit < kMostFew ? 0 : limit / 2;
    if (blocks.fill() > keep) flush(*own, blocks.fill() - keep, size_class);
    // Who asked lacked slots, and those of this thread may not come by their own way for long.
    if (asked_back) pool_.core().answer_request();
    blocks.set_limit(limit);
    blocks.mark_low_water();
    if (!asked_back && blocks.push(block)) return;
  }
  give_block(size_class, block);
}

void BlockHeap::give_block(SizeClass size_class, const void* block) noexcept {
  shared_[to_index(size_class)].out.subtract(1);
  give_blocks(slabs_.claim_of(block, size_class), size_class);
}

void BlockHeap::flush(ClassCache& cache, std::uint32_t blocks, SizeClass size_class) noexcept {
  shared_[to_index(size_class)].out.subtract(blocks);
  {
    Gatherer gatherer(slabs_, size_class,
                      [=, this](const BlockClaim& claim) { give_blocks(claim, size_class); });
    for (void* const block : cache.blocks.entries().first(blocks)) gatherer.add(block);
  }
  cache.blocks.drop_oldest(blocks);
}

bool BlockHeap::flush_all(BlockCache& cache) noexcept {
  bool found = false;
  BlockCache* const own = caches_.mine();
  for_each_cache(cache, [&](ClassCache& of_class, SizeClass size_class) {
    if (of_class.blocks.fill() == 0) return;
    note_peak(find_cache(own, size_class), size_class);
    flush(of_class, of_class.blocks.fill(), size_class);
    of_class.blocks.mark_low_water();
    found = true;
  });
  return found;
}

void BlockHeap::give_blocks(const BlockClaim& blocks, SizeClass size_class) noexcept {
  if (slabs_.fills_slot(size_class)) return slabs_.give_slots(blocks);
  if (!slabs_.give(blocks)) fail_given_twice(pool_.core().address_of(blocks.slab), size_class);
}

void BlockHeap::fail_given_twice(const void* block, SizeClass size_class) const noexcept {
  fail(
      "bufferpool: resource on pool %llu: a block of %zu bytes of slot %llu was given back "
      "twice; give each block back once",
      printable(pool_.core().id()), bytes_of(size_class),
      printable(to_number(pool_.index_of(block))));
}

bool BlockHeap::reclaim() noexcept {
  const bool found = give_back_own();
  return pool_.core().keepers().ask(this) || found;
}

bool BlockHeap::give_back_free() noexcept {
  const bool found = give_back_own();
  if (!found) ask_others_back();
  return found;
}

bool BlockHeap::give_back_own() noexcept {
  bool found = drain_quarantines();
  caches_.collect_ended([&](BlockCache& idle) { found |= flush_all(idle); });
  if (BlockCache* const own = caches_.mine()) found |= flush_all(*own);
  found |= slabs_.release_free_slabs() != 0;
  return found;
}

void BlockHeap::ask_others_back() noexcept {
  if (unserved_.add(1) % kRequestsAnAsking != 0) return;
  const BlockCache* const own = caches_.mine();
  for (BlockCache& other : caches_.ever_used()) {
    if (&other == own) continue;
    for_each_cache(other, [](ClassCache& of_class, SizeClass) {
      if (of_class.blocks.fill() != 0) of_class.blocks.ask_back();
    });
  }
}

void BlockHeap::note_peak(const ClassCache* own, SizeClass size_class) noexcept {
  ClassShared& shared = shared_[to_index(size_class)];
  const std::uint64_t out = shared.out.get();
  const std::uint64_t cached = own != nullptr ? own->blocks.low_water() : 0;
  if (out > cached) shared.peak.raise(out - cached);
}

}  // namespace bufferpool::detail
