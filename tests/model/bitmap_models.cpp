// Models of AtomicBitmap and HintSet: the shipped header and source, over words with few free bits.
#include <optional>

#include "bufferpool/hint_set.hpp"
#include "commands.hpp"
#include "shared_models.hpp"

namespace bufferpool::model {
namespace {

using detail::HintSet;

/// Two slots of one word; three threads, of which at most two find one.
struct TakeGiveOneWord {
  static constexpr unsigned kThreads = 3;

  void thread(unsigned) { take_use_give(bitmap, payload); }
  void finish() const { check(words.taken(0) == ~Word{3}, "a slot is lost"); }

  Words<1> words{{3}};
  AtomicBitmap bitmap = AtomicBitmap::view(words.words, 64);
  Payload<2> payload;
};

/// One takes by number, the others whatever there is.
struct ClaimGiveSummary : TakeGiveSummary<AtomicBitmap> {
  static constexpr unsigned kThreads = 3;

  void thread(unsigned index) {
    if (index == 0) {
      if (!bitmap.claim_range(64, 1)) return;
      payload.use(64);
      return check(bitmap.give_range(64, 1), "a slot that was held was free");
    }
    take_use_give(bitmap, payload);
  }
};

/// Takes up to `most` slots of two words, uses them and gives them back.
void take_use_give_several(AtomicBitmap& bitmap, Payload<128>& payload, unsigned most) {
  std::array<AtomicBitmap::Claim, 2> room;
  const std::span claims = bitmap.take_several(most, room);
  for (const AtomicBitmap::Claim& claim : claims) payload.use(claim);
  check(bitmap.give_several(claims) == nullptr, "a slot that was held was free");
}

/// Slots that lie alone in their words, taken and given back together.
struct SeveralWords : WordsWithSummary<AtomicBitmap, 1, 1> {
  static constexpr unsigned kThreads = 2;

  void thread(unsigned) { take_use_give_several(bitmap, payload, 2); }
};

/// One takes the slots of two words, others one each: a word that was full when it was noted is no longer.
struct SeveralOfSharedWords : WordsWithSummary<AtomicBitmap, 3, 3> {
  static constexpr unsigned kThreads = 3;
  static constexpr Bounds kQuick{.stale = 2, .spurious = 0, .stops = 0};
  static constexpr Bounds kFull{.preemptions = 3, .stale = 2, .spurious = 1, .stops = 1};

  void thread(unsigned index) { take_use_give_several(bitmap, payload, index == 0 ? 3 : 1); }
};

/// A run over two words against one who takes a slot of the second, so that the first is given back.
struct RunClaimAgainstTake {
  static constexpr unsigned kThreads = 3;

  void thread(unsigned index) {
    if (index != 2) return claim_both();
    take_use_give(bitmap, payload);
  }
  void claim_both() {
    if (!bitmap.claim_range(63, 2)) return;
    payload.use(63);
    payload.use(64);
    check(bitmap.give_range(63, 2), "a slot that was held was free");
  }
  void finish() const {
    check(words.taken(0) == ~bit_of(63) && words.taken(1) == ~Word{1}, "a slot is lost");
  }

  Words<2> words{{bit_of(63), 1}};
  AtomicBitmap bitmap = AtomicBitmap::view(words.words, 128);
  Payload<65> payload;
};

/// Who opens a word tells what lies there; who takes from it reads that. Then both give all back, and one
/// of them can close it.
struct OpenAgainstTake {
  static constexpr unsigned kThreads = 2;

  OpenAgainstTake() { name(&shape, sizeof shape, "shape"); }

  void thread(unsigned index) {
    if (index == 0) {
      shape.set(7);
      bitmap.open(1);
      payload.use(0);
      return check(bitmap.give(0, 1), "a slot that was held was free");
    }
    const AtomicBitmap::Claim claim = bitmap.take(2);
    if (claim.mask == 0) return;
    check(shape.get() == 7, "the slots are had before what is said of them");
    payload.use(claim);
    check(bitmap.give(claim.word, claim.mask), "a slot that was held was free");
  }
  void finish() { check(bitmap.is_all_free() && bitmap.claim_range(0, 2), "a slot is lost"); }

  Words<1> words{{0}};
  AtomicBitmap bitmap = AtomicBitmap::view(words.words, 2);
  Var<int> shape{0};
  Payload<2> payload;
};

/// The use of HintSet: things are put somewhere and taken away, and none stays that nobody is told of. The
/// two places have one word of their own, and one above that names it.
struct Hints {
  static constexpr unsigned kThreads = 3;
  static constexpr std::uint64_t kFirst = 64;

  Hints() { hints.add(kFirst); }  // stale: there was something

  void thread(unsigned index) { index < 2 ? put(index) : look(); }

  void put(std::uint64_t place) {
    things[place].fetch_add(1, std::memory_order_relaxed);
    hints.add(kFirst + place);
  }
  void look() {
    const std::optional<std::uint64_t> number = hints.find(0);
    if (!number || take_from(*number - kFirst)) return;
    hints.remove(*number);
    if (things[*number - kFirst].load(std::memory_order_relaxed) != 0) hints.add(*number);
  }
  bool take_from(std::uint64_t place) {
    int seen = things[place].load(std::memory_order_relaxed);
    return seen != 0 &&
           things[place].compare_exchange_strong(seen, seen - 1, std::memory_order_relaxed);
  }
  void finish() {
    // From the level above downwards, as who looks for anything does.
    std::array<bool, 2> is_named{};
    for (auto number = hints.find(0); number; number = hints.find(*number + 1)) {
      is_named[*number - kFirst] = true;
    }
    for (const std::uint64_t place : {0U, 1U}) {
      check(things[place].load() == 0 || is_named[place], "something is there and no hint");
    }
  }

  std::array<detail::HintWord, HintSet::words_for(128)> words;
  HintSet hints{words, 128};
  std::array<Atomic<int>, 2> things;
};

/// One place: who looks comes when something was put there, or not.
struct HintsOfOnePlace : Hints {
  void thread(unsigned index) { index == 0 ? put(0) : look(); }
};

}  // namespace

void add_bitmap_models(Models& models) {
  models.push_back(make_model<TakeGiveOneWord>("bitmap_take_give_one_word"));
  models.push_back(make_model<TakeAlwaysFinds<AtomicBitmap>>("bitmap_take_always_finds"));
  models.push_back(make_model<TakeGiveSummary<AtomicBitmap>>("bitmap_take_give_summary"));
  models.push_back(make_model<ClaimGiveSummary>("bitmap_claim_give_summary"));
  models.push_back(make_model<SeveralWords>("bitmap_several_words"));
  models.push_back(make_model<SeveralOfSharedWords>("bitmap_several_of_shared_words"));
  models.push_back(make_model<RunClaimAgainstTake>("bitmap_run_claim_against_take"));
  models.push_back(make_model<GivenTwice<AtomicBitmap>>("bitmap_given_twice_at_once"));
  models.push_back(make_model<OpenAgainstTake>("bitmap_open_against_take"));
  models.push_back(make_model<Hints>("hint_set_hides_nothing"));
  models.push_back(make_model<HintsOfOnePlace>("hint_set_of_one_place"));
}

}  // namespace bufferpool::model
