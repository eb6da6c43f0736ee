// Models of what ships that the museum runs too, with a part in its place that is wrong.
#pragma once

#include "support.hpp"

namespace bufferpool::model {

/// As many slots as threads: none may hear that there is none.
template <class Bitmap>
struct TakeAlwaysFinds {
  static constexpr unsigned kThreads = 2;

  void thread(unsigned) {
    for (int round = 0; round < 2; ++round) {
      check(take_use_give(bitmap, payload), "full is reported while a slot is free");
    }
  }
  void finish() const { check(words.taken(0) == ~Word{3}, "a slot is lost"); }

  Words<1> words{{3}};
  Bitmap bitmap = Bitmap::view(words.words, 64);
  Payload<2> payload;
};

/// Two words with two slots and one, and their summary. One slot more than threads: none may hear that there
/// is none.
template <class Bitmap>
struct TakeGiveSummary : WordsWithSummary<Bitmap, 3, 1> {
  static constexpr unsigned kThreads = 2;

  void thread(unsigned) {
    for (int round = 0; round < 2; ++round) {
      check(take_use_give(this->bitmap, this->payload), "full is reported while a slot is free");
    }
  }
};

/// Of two who give the same bit back one is told that it was taken, and it is free in the end.
template <class Bitmap>
struct GivenTwice {
  static constexpr unsigned kThreads = 2;

  void thread(unsigned index) { was_taken[index] = bitmap.give(0, 1); }
  void finish() const {
    check(words.taken(0) == ~Word{1}, "a second release takes the slot again");
    check(was_taken[0] != was_taken[1], "not exactly one release succeeded");
  }

  Words<1> words{{0}};
  Bitmap bitmap = Bitmap::view(words.words, 64);
  std::array<bool, 2> was_taken{};
};

/// Two slices of a chunk are dropped while its owner writes a third piece and then seals: one of the three
/// owns the slot at the end, and comes after all others.
template <class Count>
struct FreezeDropSeal {
  static constexpr unsigned kThreads = 3;

  FreezeDropSeal() { live.start(); }

  void thread(unsigned index) {
    if (index == 2) {
      payload.bytes[2].set(5);
      if (live.seal(2)) take_over();
      return;
    }
    check(payload.bytes[index].get() == 0, "a slice was overwritten");
    if (live.drop()) take_over();
  }
  /// The slot's next holder writes all of it.
  void take_over() {
    for (Var<int>& byte : payload.bytes) byte.set(9);
    owners.set(owners.get() + 1);
  }
  void finish() { check(owners.get() == 1, "not exactly one gave the slot back"); }
  void finish_without_stopped() { check(owners.get() <= 1, "two gave the slot back"); }

  Count live;
  Payload<3> payload;
  Var<int> owners{0};
};

/// A pool's handle, its buffer and a slice end on three threads: who is last frees the pool.
/// `GiveBack` is what who owns the chunk in the end does.
template <class GiveBack>
struct PoolDeath {
  static constexpr unsigned kThreads = 3;

  PoolDeath() : chunk(pool.core->try_lease(1)) {}

  void thread(unsigned index) {
    if (index == 0) return pool.core->release();
    if (index == 1) {
      pool.use(pool.core->data_of(*chunk));
      if (chunk->live.drop()) GiveBack{}(*chunk);
      return;
    }
    if (chunk->live.seal(1)) GiveBack{}(*chunk);
  }
  void finish() const { check(pool.arena.is_freed, "the pool is not freed"); }
  void finish_without_stopped() const {
    check(!pool.arena.is_freed, "the pool is freed while it is in use");
  }

  Pool<2, 2> pool;
  detail::Chunk* chunk;
};

struct GiveBack {
  void operator()(detail::Chunk& chunk) const { chunk.give_back(); }
};

/// Slots that pass from holder to holder are found by who knows that they were given back, though a count
/// says at once when there are none; also while the one who gave them first has not finished.
template <class Counted>
struct FullByCount {
  static constexpr unsigned kThreads = 3;
  static constexpr Bounds kQuick{.stale = 1, .spurious = 0};

  void thread(unsigned index) {
    if (index == 0) return slots.give_first();
    if (index == 1) {
      if (!slots.take_by_number()) return;
      slots.give_by_number();
      return is_given.store(1, std::memory_order_release);
    }
    if (is_given.load(std::memory_order_acquire) != 1) return;
    check(slots.take(), "full is reported while a slot is free");
    slots.give();
  }
  void finish() {
    check(slots.is_count_right(), "what is counted as taken is not what is");
    check(slots.take() && !slots.take(), "slots are lost, or had twice");
  }

  Counted slots;
  Atomic<int> is_given{0};
};

}  // namespace bufferpool::model
