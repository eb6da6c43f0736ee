// Models of runs, which are had past the magazines, and of the count by which "full" is told in constant time.
#include "commands.hpp"
#include "shared_models.hpp"

namespace bufferpool::model {
namespace {

/// The last two of 64 slots, had as a run or by growing the run before them. The threads keep nothing of
/// them, so that only the count is in the way.
struct CountedRun {
  CountedRun() {
    keep_tickets_apart();
    before = pool.core->try_allocate_run(1);
    run = pool.core->try_allocate_run(2);
  }

  void give_first() { give(); }
  bool take() {
    if (pool.core->try_allocate_run(2) == nullptr) return false;
    pool.use(run, 2);
    return true;
  }
  void give() { pool.core->deallocate_run(run, 2); }

  bool take_by_number() {
    if (!pool.core->try_extend(before, 1, 3)) return false;
    pool.use(before, 3);
    return true;
  }
  void give_by_number() { pool.core->shrink_run(before, 3, 1); }

  bool is_count_right() { return pool.core->stats().free_slots == 2; }

  Pool<64, 3> pool;
  void* before;
  void* run;
};

/// At first they were had by the word.
struct CountedWord : CountedRun {
  CountedWord() {
    give();
    slots = pool.core->try_allocate_slots(2, detail::Holder::caller);
    check(slots.mask == Word{3} << 62, "set-up");
  }
  void give_first() { pool.core->deallocate_slots(slots, detail::Holder::caller); }

  AtomicBitmap::Claim slots;
};

/// At first they are in the magazine of a thread that has ended. Who looks for more than there is empties it.
struct CountedMagazine : CountedRun {
  CountedMagazine() {
    give();
    pool.core->deallocate(pool.core->try_allocate());
    check(pool.core->stats().cached_slots != 0, "set-up");
    end_this_thread();
  }
  void give_first() { check(pool.core->try_allocate_run(3) == nullptr, "a slot is had twice"); }
};

/// In a hardened build one of the slots waits in quarantine, whose many places are looked through.
struct FullByCountOfMagazines : FullByCount<CountedMagazine> {
  static constexpr Bounds kQuick{.preemptions = 2, .stale = 1, .spurious = 0, .stops = 0};
};

/// The last slot, for threads that have no magazine, as others have all there are: one takes it and gives it back,
/// before another looks; a third may have it meanwhile, and keeps it.
struct FullByCountOfBits {
  static constexpr unsigned kThreads = 3;
  static constexpr Bounds kQuick{.stale = 1, .spurious = 0};
  static constexpr Bounds kFull{.preemptions = 4, .spurious = 1, .stops = 1};

  FullByCountOfBits() {
    keep_tickets_apart();
    run_beside(2);
  }

  void thread(unsigned index) {
    if (index == 0) {
      if (pool.take_use_give()) is_given.store(1, std::memory_order_release);
      return;
    }
    if (index == 2) {
      if (is_given.load(std::memory_order_acquire) != 1) return;
      has_looked = true;
    }
    if (void* const slot = pool.core->try_allocate()) {
      pool.use(slot);
      is_kept = true;
    }
  }
  void finish() {
    check(is_kept || !has_looked, "full is reported while a slot is free");
    check(pool.count_allocatable() == (is_kept ? 0 : 1), "a slot is lost, or had twice");
  }

  Pool<64, 1> pool;
  Atomic<int> is_given{0};
  bool has_looked = false;
  bool is_kept = false;
};

/// A holder changes its run of `kHeld` slots in place while another thread takes slots.
template <std::uint64_t kSlots, std::uint64_t kHeld>
struct RunAgainstTake {
  static constexpr unsigned kThreads = 2;

  void take_twice() {
    for (int round = 0; round < 2; ++round) static_cast<void>(pool.take_use_give());
  }
  void finish() { check(pool.count_allocatable() == kSlots, "a slot is lost"); }

  Pool<kSlots, kSlots> pool;
  void* run = pool.core->try_allocate_run(kHeld);
};

struct ShrinkAgainstTake : RunAgainstTake<3, 3> {
  void thread(unsigned index) {
    if (index == 1) return take_twice();
    pool.use(run, 3);
    pool.core->shrink_run(run, 3, 1);
    pool.use(run);
    pool.core->deallocate_run(run, 1);
  }
};

struct ExtendAgainstTake : RunAgainstTake<2, 1> {
  void thread(unsigned index) {
    if (index == 1) return take_twice();
    const std::uint64_t slots = pool.core->try_extend(run, 1, 2) ? 2 : 1;
    pool.use(run, slots);
    pool.core->deallocate_run(run, slots);
  }
};

}  // namespace

void add_run_models(Models& models) {
  models.push_back(make_model<FullByCount<CountedRun>>("pool_full_by_count"));
  models.push_back(make_model<FullByCount<CountedWord>>("pool_full_by_count_of_words"));
  models.push_back(make_model<FullByCountOfMagazines>("pool_full_by_count_of_magazines"));
  models.push_back(make_model<FullByCountOfBits>("pool_full_by_count_of_bits"));
  models.push_back(make_model<ExtendAgainstTake>("pool_extend_against_take"));
  models.push_back(make_model<ShrinkAgainstTake>("pool_shrink_against_take"));
}

}  // namespace bufferpool::model
