// Models of what threads keep for themselves: ThreadOwned, Magazine, tickets, and the pool around them.
#include "bufferpool/quarantine.hpp"
#include "commands.hpp"
#include "shared_models.hpp"

namespace bufferpool::model {
namespace {

/// A cache whose entries are plain data that nothing but its owner word protects.
struct Cache {
  detail::OwnerWord owner;
  detail::Magazine<Var<int>, 2> entries;
};

/// Threads that each use a cache and end, one after the other or not; and one who collects what ended
/// threads left. Each entry is had by exactly one.
struct OwnerHandOver {
  static constexpr unsigned kThreads = 3;
  static constexpr Bounds kQuick{.stale = 1, .stops = 0};
  static constexpr Bounds kFull{.preemptions = 4, .stale = 2, .spurious = 1, .stops = 1};

  OwnerHandOver() {
    keep_tickets_apart();
    name(&caches, sizeof caches, "caches");
  }

  void thread(unsigned index) {
    if (index == 2) return owned.collect_ended([this](Cache& idle) { empty(idle); });
    Cache* const own = owned.claim();
    if (own == nullptr) return end_this_thread();
    own->entries.set_limit(2);
    empty(*own);
    if (own->entries.push(Var<int>(static_cast<int>(index) + 1))) pushed[index] = 1;
    end_this_thread();
  }
  void empty(Cache& cache) {
    while (cache.entries.has_entry(cache.entries.top())) {
      popped[this_thread()] += cache.entries.pop_from(cache.entries.top()).get() != 0;
    }
  }
  void finish() {
    int left = 0;
    for (const Cache& cache : caches) left += static_cast<int>(cache.entries.fill());
    const int had = popped[0] + popped[1] + popped[2];
    check(had + left == pushed[0] + pushed[1], "an entry is lost, or had twice");
    owned.collect_ended([this](Cache& idle) { empty(idle); });
    check(owned.in_use() == 0, "a cache of an ended thread cannot be had");
  }

  std::array<Cache, 2> caches;
  detail::ThreadOwned<Cache> owned{caches.data(), 2};
  std::array<int, 2> pushed{};
  std::array<int, kMostThreads + 1> popped{};
};

/// Each thread puts its own thing into quarantine and uses what leaves; another takes out what waits.
struct QuarantineHandOver {
  static constexpr unsigned kThreads = 3;

  void thread(unsigned index) {
    if (index == 2) {
      static_cast<void>(quarantine.drain([this](std::uint64_t number) { leave(number); }));
      return;
    }
    for (std::uint64_t number : {2 * index + 1, 2 * index + 2}) {
      payload.use(number);
      if (const std::uint64_t leaves = quarantine.exchange(number)) leave(leaves);
    }
  }
  void leave(std::uint64_t number) {
    payload.use(number);
    left[number].set(left[number].get() + 1);
  }
  void finish() {
    static_cast<void>(quarantine.drain([this](std::uint64_t number) { leave(number); }));
    for (std::uint64_t number = 1; number <= 4; ++number) {
      check(left[number].get() == 1, "a thing in quarantine is lost, or had twice");
    }
  }

  detail::Quarantine<2> quarantine;
  Payload<5> payload;
  std::array<Var<int>, 5> left{};
};

/// Two threads allocate and give back, through their magazines.
struct RefillAndFlush : WithMagazines<2> {
  static constexpr unsigned kThreads = 2;
  static constexpr Bounds kQuick{.stale = 1, .spurious = 0};
  static constexpr Bounds kFull{.preemptions = 4, .stale = 2, .spurious = 1, .stops = 1};

  void thread(unsigned index) { had[index] = pool.take_use_give(); }
  void finish() {
    check(had[0] || had[1], "nobody found one of two free slots");
    check_nothing_is_lost();
  }
  std::array<bool, 2> had{};
};

/// A thread gives back more slots than its magazine takes, so that it empties a part of it into the bitmap,
/// while another, which finds none but those, takes them. Nine, as of 64 slots a magazine takes eight where
/// two are in use, of which one is the set-up's.
struct FlushAgainstTake : WithMagazines<9> {
  static constexpr unsigned kThreads = 2;
  static constexpr Bounds kQuick{.stale = 1, .spurious = 0, .stops = 0};
  static constexpr Bounds kFull{.preemptions = 3, .stale = 1, .spurious = 1, .stops = 1};

  FlushAgainstTake() {
    for (void*& slot : held) slot = pool.core->try_allocate();
    check(held.back() != nullptr, "set-up");
  }

  void thread(unsigned index) {
    if (index == 1) {
      for (int round = 0; round < 2; ++round) static_cast<void>(pool.take_use_give());
      return;
    }
    for (void* const slot : held) {
      pool.use(slot);
      pool.core->deallocate(slot);
    }
  }
  void finish() { check_nothing_is_lost(); }
  std::array<void*, 9> held{};
};

/// A thread that had slots ends while another looks for some. All are found when both have ended.
struct ExitAgainstRefill : WithMagazines<2> {
  static constexpr unsigned kThreads = 2;
  static constexpr Bounds kQuick{.stale = 1, .spurious = 0};
  static constexpr Bounds kFull{.preemptions = 4, .stale = 2, .spurious = 0, .stops = 1};

  void thread(unsigned) {
    static_cast<void>(pool.take_use_give());
    end_this_thread();
  }
  void finish() { check(pool.count_allocatable() == 2, "a slot is lost with its thread"); }
};

/// A thread looks for slots of which another one keeps all: asked for them while it fills its magazine, or
/// gives a slot back to it, the other lets go of them.
struct AskBack : WithMagazines<3> {
  static constexpr unsigned kThreads = 2;
  static constexpr Bounds kQuick{.preemptions = 2, .stale = 1, .spurious = 0, .stops = 0};
  static constexpr Bounds kFull{.preemptions = 3, .stale = 1, .spurious = 0, .stops = 1};

  void thread(unsigned) {
    for (int round = 0; round < 2; ++round) static_cast<void>(pool.take_use_give());
  }
  void finish() { check_nothing_is_lost(); }
};

/// All free slots are in the magazine of a thread, where another one, which looks for `kWanted`, finds none.
/// When the first has used the pool once more, the other finds them. What is marked tells each how far the
/// other came: who was not there in time has nothing to say.
template <std::uint64_t kWanted>
struct AskedBefore : WithMagazines<2> {
  static constexpr unsigned kThreads = 2;
  static constexpr Bounds kQuick{.stale = 1, .spurious = 0};

  bool take_wanted() {
    void* const run = pool.core->try_allocate_run(kWanted);
    if (run == nullptr) return false;
    pool.use(run, kWanted);
    pool.core->deallocate_run(run, kWanted);
    return true;
  }
  void ask() {
    if (is_kept.load(std::memory_order_acquire) == 0 || take_wanted()) return;
    is_asked.store(1, std::memory_order_release);
    if (is_answered.load(std::memory_order_acquire) == 0) return;
    check(take_wanted(), "who was asked for its slots keeps them");
  }
  void finish() { check_nothing_is_lost(); }

  Atomic<int> is_kept{0};
  Atomic<int> is_asked{0};
  Atomic<int> is_answered{0};
};

/// The first gives a slot back.
struct AskedOfASlot : AskedBefore<1> {
  void thread(unsigned index) {
    if (index == 1) return ask();
    void* const held = pool.core->try_allocate();
    if (held == nullptr) return;
    is_kept.store(1, std::memory_order_release);
    const bool was_asked = is_asked.load(std::memory_order_acquire) != 0;
    pool.core->deallocate(held);
    if (was_asked) is_answered.store(1, std::memory_order_release);
  }
};

/// The first holds nothing, and looks whether it is asked, as a buffer does.
struct AskedOfARun : AskedBefore<2> {
  void thread(unsigned index) {
    if (index == 1) return ask();
    if (!pool.take_use_give()) return;
    is_kept.store(1, std::memory_order_release);
    const bool was_asked = is_asked.load(std::memory_order_acquire) != 0;
    pool.core->answer_request();
    if (was_asked) is_answered.store(1, std::memory_order_release);
  }
};

/// Sixteen free slots, each alone in its word: a thread that takes all it can get asks for those that another
/// one puts into its magazine.
struct AskBackScattered {
  static constexpr unsigned kThreads = 2;
  static constexpr Bounds kQuick{.preemptions = 1, .stale = 0, .spurious = 0, .stops = 0};
  static constexpr Bounds kFull{.preemptions = 2, .stale = 0, .spurious = 0, .stops = 1};
  static constexpr std::uint64_t kSlots = 4160;  // with a summary
  static constexpr std::uint64_t kPairs = 8;     // of words that meet in a free slot each

  AskBackScattered() {
    keep_tickets_apart();
    std::array<void*, kPairs> pairs;
    for (void*& pair : pairs) {
      static_cast<void>(take_run(63));
      pair = take_run(2);
      static_cast<void>(take_run(63));
    }
    static_cast<void>(take_run(kSlots - kPairs * 128));
    for (void* const pair : pairs) pool.core->deallocate_run(pair, 2);
  }
  void* take_run(std::uint64_t slots) {
    void* const run = pool.core->try_allocate_run(slots);
    check(run != nullptr, "set-up");
    return run;
  }
  void thread(unsigned index) {
    std::array<void*, 2 * kPairs> slots{};
    for (void*& slot : std::span(slots).first(index == 0 ? 1 : slots.size())) {
      slot = pool.core->try_allocate();
      if (slot != nullptr) pool.use(slot);
    }
    for (void* const slot : slots) {
      if (slot != nullptr) pool.core->deallocate(slot);
    }
  }
  void finish() {
    const auto stats = pool.core->stats();
    check(stats.free_slots + stats.cached_slots == 2 * kPairs, "a slot is lost");
    for (std::uint64_t slot = 0; slot < stats.free_slots; ++slot) {
      check(pool.core->try_allocate_run(1) != nullptr, "a slot is free only by the count");
    }
  }
  Pool<kSlots, kSlots> pool;
};

}  // namespace

void add_magazine_models(Models& models) {
  models.push_back(make_model<OwnerHandOver>("owner_hand_over_between_threads"));
  models.push_back(make_model<QuarantineHandOver>("quarantine_hand_over"));
  models.push_back(make_model<RefillAndFlush>("magazine_refill_and_flush"));
  models.push_back(make_model<FlushAgainstTake>("magazine_flush_against_take"));
  models.push_back(make_model<ExitAgainstRefill>("thread_exit_against_refill"));
  models.push_back(make_model<AskBack>("magazine_asked_back"));
  models.push_back(make_model<AskBackScattered>("magazine_of_scattered_slots_asked_back"));
  models.push_back(make_model<AskedOfASlot>("magazine_asked_for_a_slot"));
  models.push_back(make_model<AskedOfARun>("magazine_asked_for_a_run"));
}

}  // namespace bufferpool::model
