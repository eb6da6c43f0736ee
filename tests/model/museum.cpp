// The museum of seeded bugs: each must be found, by the model that is named here and with the message that is.
// What is wrong in it stands in a part of its own, in the place of the part that ships, or is one weakened
// memory order.
#include <algorithm>
#include <cstdio>
#include <string>

#include "commands.hpp"
#include "execution.hpp"
#include "search.hpp"
#include "shared_models.hpp"

namespace bufferpool::model {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

/// A bitmap of one or two words, as the first draft of one may be.
struct DraftBitmap {
  using Span = std::span<Atomic<Word>>;

  DraftBitmap(Span all_words, Span all_summary, std::uint64_t)
      : words(all_words), summary(all_summary) {}
  static DraftBitmap view(Span words, std::uint64_t slots) { return {words, {}, slots}; }

  AtomicBitmap::Claim take(unsigned) {
    for (std::uint64_t word = 0; word < words.size(); ++word) {
      if (const Word mask = take_from(word)) return {word, mask};
    }
    return {0, 0};
  }
  Word take_from(std::uint64_t word) {
    Word seen = words[word].load(kRelaxed);
    Word mask = 0;
    do {
      if (seen == kAllSet) return 0;
      mask = bits::lowest(~seen, 1);
    } while (
        !words[word].compare_exchange_weak(seen, seen | mask, std::memory_order_acquire, kRelaxed));
    // The bug: between the two the slot may have been given back, and then the word is hidden.
    if (!summary.empty() && (seen | mask) == kAllSet) summary[0].fetch_or(Word{1} << word);
    return mask;
  }
  bool give(std::uint64_t word, Word mask) {
    const Word before = words[word].fetch_and(~mask, std::memory_order_acq_rel);
    if (!summary.empty() && before == kAllSet) summary[0].fetch_and(~(Word{1} << word));
    return (before & mask) == mask;
  }

  Span words;
  Span summary;
};

/// Takes the whole word, picks, and puts the rest back: meanwhile others see it full.
struct PrivateWordBitmap : DraftBitmap {
  using DraftBitmap::DraftBitmap;
  static PrivateWordBitmap view(Span words, std::uint64_t slots) { return {words, {}, slots}; }

  AtomicBitmap::Claim take(unsigned) {
    const Word before = words[0].exchange(kAllSet, std::memory_order_acq_rel);
    if (before == kAllSet) return {0, 0};
    const Word mask = bits::lowest(~before, 1);
    words[0].fetch_and(before | mask, std::memory_order_acq_rel);
    return {0, mask};
  }
};

/// Gives back with XOR: the second of two releases takes the slot again.
struct TogglingBitmap : DraftBitmap {
  using DraftBitmap::DraftBitmap;
  static TogglingBitmap view(Span words, std::uint64_t slots) { return {words, {}, slots}; }

  bool give(std::uint64_t word, Word mask) {
    return (words[word].fetch_xor(mask, std::memory_order_acq_rel) & mask) == mask;
  }
};

/// Without the bias, drops that come before the seal reach zero while the owner still fills the chunk.
struct UnbiasedCount {
  void start() { word.store(2, kRelaxed); }
  bool drop() { return word.fetch_sub(1, std::memory_order_acq_rel) == 1; }
  bool seal(std::uint64_t) { return word.load(std::memory_order_acquire) == 0; }
  Atomic<std::uint64_t> word{0};
};

/// Takes all of the bias off, though what was dropped before came off it already.
struct ForgetfulSeal {
  void start() { word.store(detail::LiveCount::kBias, kRelaxed); }
  bool drop() { return word.fetch_sub(1, std::memory_order_acq_rel) == 1; }
  bool seal(std::uint64_t) {
    constexpr std::uint64_t kBias = detail::LiveCount::kBias;
    return word.fetch_sub(kBias, std::memory_order_acq_rel) == kBias;
  }
  Atomic<std::uint64_t> word{0};
};

/// A chunk that holds no reference to its pool, which thus is unmapped before the last slice.
struct PoolWithoutChunks : PoolDeath<GiveBack> {
  PoolWithoutChunks() { pool.core->release(); }
};

/// Gives the reference up and then the slot: the pool may be gone by then.
struct ReleaseFirst {
  void operator()(detail::Chunk& chunk) const {
    detail::PoolCore& pool = *chunk.pool;
    pool.retain();  // end_lease() gives up one of its own
    pool.release();
    pool.release();
    chunk.set_run(0, false);
  }
};

/// A slot with a count of what is out: counted before it is given, or, which is the bug, after.
struct LateCount {
  bool take() {
    if (out.load(kRelaxed) == 1 || bitmap.take(1).mask == 0) return false;
    out.fetch_add(1, kRelaxed);
    return true;
  }
  void give() {
    check(bitmap.give(0, 1), "a slot that was held was free");
    out.fetch_sub(1, kRelaxed);
  }
  void give_first() { give(); }
  bool take_by_number() {
    if (!bitmap.claim_range(0, 1)) return false;
    out.fetch_add(1, kRelaxed);
    return true;
  }
  void give_by_number() { give(); }
  bool is_count_right() const { return out.load(kRelaxed) == 0; }

  Words<1> words{{0}};
  AtomicBitmap bitmap = AtomicBitmap::view(words.words, 64);
  Atomic<int> out{1};
};

/// A slot behind a lock: whoever holds it and stops keeps the other waiting for ever.
struct LockedSlot {
  static constexpr unsigned kThreads = 2;
  static constexpr Bounds kQuick{.preemptions = 0, .stale = 0, .spurious = 0, .stops = 1};

  void thread(unsigned) {
    while (lock.exchange(1, std::memory_order_acquire) != 0) {
    }
    payload.bytes[0].set(1);
    lock.store(0, std::memory_order_release);
  }
  void finish() const {}

  Atomic<int> lock{0};
  Payload<1> payload;
};

struct WeakenedOrder {
  const char* name;
  const char* model;
  const char* file;
  const char* function;
  const char* message;
};

class Museum {
 public:
  /// `message` is part of what the bug makes the model say; another failure is not the bug. The schedule that
  /// is printed must show it again.
  void show(const Model& bug, const char* message) {
    const SearchResult result = search(bug, bug.quick, {});
    const bool is_found = result.has_failed && result.failure.find(message) != std::string::npos;
    const bool is_replayed =
        is_found && replay(bug, bug.quick, result.schedule).failure == result.failure;
    is_complete_ &= is_replayed;
    std::printf("%-44s %s %s\n", bug.name.c_str(),
                is_replayed ? "found:"
                : is_found  ? "NOT REPLAYED:"
                            : "NOT FOUND:",
                result.has_failed ? result.failure.c_str() : "nothing fails");
  }

  /// A model that ships, with the order of one function weakened.
  void show(const Models& models, const WeakenedOrder& bug) {
    const auto found = std::ranges::find(models, bug.model, &Model::name);
    if (found == models.end()) fail("the museum names a model that is not there: %s", bug.model);
    Model model = *found;
    model.name = bug.name;
    weaken({.file = bug.file, .function = bug.function, .to = kRelaxed});
    show(model, bug.message);
    restore_orders();
  }

  [[nodiscard]] bool is_complete() const noexcept { return is_complete_; }

 private:
  bool is_complete_ = true;
};

constexpr WeakenedOrder kWeakenedOrders[] = {
    {"release_in_give_is_relaxed", "bitmap_take_give_one_word", "atomic_bitmap.hpp", "clear",
     "reads payload"},
    {"acquire_in_take_is_relaxed", "bitmap_take_give_one_word", "atomic_bitmap.cpp", "take_from",
     "reads payload"},
    {"acquire_in_claim_is_relaxed", "bitmap_run_claim_against_take", "atomic_bitmap.cpp", "claim",
     "reads payload"},
    {"release_in_open_is_relaxed", "bitmap_open_against_take", "atomic_bitmap.cpp", "open",
     "reads shape"},
};

void show_orders(Museum& museum) {
  Models models;
  add_bitmap_models(models);
  for (const WeakenedOrder& bug : kWeakenedOrders) museum.show(models, bug);
}

}  // namespace

bool run_museum() {
  Museum museum;
  show_orders(museum);
  museum.show(make_model<TakeGiveSummary<DraftBitmap>>("summary_written_after_the_release"),
              "the summary hides a free slot");
  museum.show(make_model<TakeAlwaysFinds<PrivateWordBitmap>>("bit_passes_through_a_private_word"),
              "full is reported while a slot is free");
  museum.show(make_model<GivenTwice<TogglingBitmap>>("toggling_instead_of_or"),
              "a second release takes the slot again");
  museum.show(make_model<FreezeDropSeal<UnbiasedCount>>("count_without_bias"), "reads payload");
  museum.show(make_model<FreezeDropSeal<ForgetfulSeal>>("seal_forgets_the_bias"),
              "not exactly one gave the slot back");
  museum.show(make_model<PoolWithoutChunks>("unmapped_before_the_last_slice"),
              "is touched after its memory was freed");
  museum.show(make_model<PoolDeath<ReleaseFirst>>("slot_touched_after_the_last_touch"),
              "is touched after its memory was freed");
  museum.show(make_model<FullByCount<LateCount>>("count_after_the_bit_is_cleared"),
              "full is reported while a slot is free");
  museum.show(make_model<LockedSlot>("lock_whose_holder_stops"),
              "a thread does not come to an end");
  return museum.is_complete();
}

}  // namespace bufferpool::model
