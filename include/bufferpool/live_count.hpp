// Counts that several threads change. LiveCount decides who gives a slot back; RefCount who frees a
// pool; Gauge and Tally are read for statistics and decide nothing.
// Together with atomic_bitmap.hpp the only home of memory orders.
#pragma once

#include <cstdint>

#include "bufferpool/annotate.hpp"
#include "bufferpool/atomic.hpp"

namespace bufferpool::detail {

/// Whose a raw run of slots is: what is a resource's, the pool's callers cannot give back.
enum class Holder : std::uint64_t { caller = 0, resource = std::uint64_t{1} << 40 };

/// Who holds a slot, in one word:
///   0              nobody: the slot is in the bitmap or in a magazine
///   kHeld + h + n  a Holder h, as the first slot of a run of n
///   kBias - d      a buffer's chunk that is being filled; d = dropped minus shared references
///   1 .. kBias/2   a sealed chunk: so many slices are alive
/// The owner of a chunk counts the slices that it issued in a plain integer; only drops and copies
/// touch the word. Because of the bias no drop can reach zero before the owner has sealed the chunk.
class LiveCount {
 public:
  static constexpr std::uint64_t kBias = std::uint64_t{1} << 62;
  static constexpr std::uint64_t kHeld = std::uint64_t{1} << 63;

  /// The caller, who has just taken the slot, starts to fill it as a chunk.
  void start() noexcept {
    // Relaxed: the slot is the caller's alone; slices reach other threads by the user's own means,
    // and those order this store before their drops.
    word_.store(kBias, std::memory_order_relaxed);
  }

  /// One more reference beside one that the caller holds.
  void add() noexcept {
    // Relaxed: the count cannot reach zero meanwhile, since the caller holds a reference.
    word_.fetch_add(1, std::memory_order_relaxed);
  }

  /// Gives a reference up. True: it was the last of a sealed chunk, and the caller now owns the slot.
  [[nodiscard]] bool drop() noexcept {
    // Release: pairs with the acquire in drop() and seal() of whoever brings the count to zero, and
    // in all_dropped(): the holder's last reads come before the slot is written again.
    // Acquire: whoever reaches zero sees the other holders' last accesses.
    return word_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }

  /// The owner has issued `issued` slices and issues no more. True: all of them are gone, and the
  /// caller owns the slot. Value before = kBias + alive - issued, so after = alive.
  [[nodiscard]] bool seal(std::uint64_t issued) noexcept {
    // Acquire: pairs with the release in drop(), as the owner may be the one who gives the slot back.
    // Release: pairs with the acquire in drop(): the owner's writes to the slot come before that.
    const std::uint64_t rest = kBias - issued;
    return word_.fetch_sub(rest, std::memory_order_acq_rel) == rest;
  }

  /// For the owner: no slice of the chunk is alive, so its bytes may be written again.
  [[nodiscard]] bool all_dropped(std::uint64_t issued) const noexcept {
    // Acquire: pairs with the release in drop(): the readers' last reads come before our next write.
    return word_.load(std::memory_order_acquire) == kBias - issued;
  }

  /// The caller, who has just taken `slots` slots, hands them out raw.
  void hold(std::uint64_t slots, Holder holder = Holder::caller) noexcept {
    // Relaxed: the word guards only itself. The slot's bytes are passed on by the bitmap, or stay
    // in this thread's magazine.
    word_.store(held(slots, holder), std::memory_order_relaxed);
  }

  /// Ends hold(). False, and nothing changed: the slots are not held as a run of `slots` by `holder`. Of
  /// several threads that try at once, one gets true.
  [[nodiscard]] bool unhold(std::uint64_t slots, Holder holder = Holder::caller) noexcept {
    std::uint64_t expected = held(slots, holder);
    // Relaxed: as in hold(); that exactly one wins follows from the modification order alone.
    return word_.compare_exchange_strong(expected, 0, std::memory_order_relaxed,
                                         std::memory_order_relaxed);
  }

  [[nodiscard]] bool holds(std::uint64_t slots, Holder holder = Holder::caller) const noexcept {
    return value() == held(slots, holder);
  }

  /// Of a value above kHeld.
  [[nodiscard]] static constexpr std::uint64_t slots_in(std::uint64_t value) noexcept {
    return value & (static_cast<std::uint64_t>(Holder::resource) - 1);
  }
  [[nodiscard]] static constexpr bool is_of_resource(std::uint64_t value) noexcept {
    return value >= held(0, Holder::resource);
  }

  /// For messages and maps.
  [[nodiscard]] std::uint64_t value() const noexcept {
    // Relaxed: no other memory is concluded from it.
    return word_.load(std::memory_order_relaxed);
  }

 private:
  static constexpr std::uint64_t held(std::uint64_t slots, Holder holder) noexcept {
    return kHeld + static_cast<std::uint64_t>(holder) + slots;
  }

  Atomic<std::uint64_t> word_{0};
};

/// Counts the handles, buffers and leased chunks that keep a pool in being. Starts at one.
class RefCount {
 public:
  void retain() noexcept {
    // Relaxed: the caller holds a reference, so the count cannot reach zero meanwhile.
    count_.fetch_add(1, std::memory_order_relaxed);
  }

  /// True: it was the last; the caller destroys the pool. Last touch: otherwise the pool may be gone
  /// when this returns.
  [[nodiscard]] bool release() noexcept {
    // Release: pairs with the acquire of the last one: all uses of the pool come before its end.
    return count_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }

 private:
  Atomic<std::uint64_t> count_{1};
};

/// Names who owns something by a number; 0: nobody. Passes the thing from owner to owner.
class OwnerWord {
 public:
  /// For the hot path of an owner, which asks whether it still is one.
  [[nodiscard]] bool is(std::uint64_t owner) const noexcept {
    // Relaxed: a thread that reads its own number wrote it there itself, and nobody else may.
    return word_.load(std::memory_order_relaxed) == owner;
  }

  [[nodiscard]] std::uint64_t get() const noexcept {
    // Acquire: pairs with the release in release(); who reads that an owner has left sees all that
    // it did to the thing.
    return word_.load(std::memory_order_acquire);
  }

  /// True: the owner was `seen`, and is `owner` now. Of several that try with the same `seen`, one wins.
  [[nodiscard]] bool claim(std::uint64_t seen, std::uint64_t owner) noexcept {
    // Acquire: pairs with the release in release(), as in get(). Release: pairs with the acquire in
    // get(); who reads the number here sees what its thread did before, its ticket's entry in use.
    // Relaxed on failure: nothing is had.
    return word_.compare_exchange_strong(seen, owner, std::memory_order_acq_rel,
                                         std::memory_order_relaxed);
  }

  /// For the owner: passes the thing on, or with 0 leaves it to whoever claims it.
  void release(std::uint64_t next) noexcept {
    // Release: pairs with the acquire in get() and claim(): publishes what the owner did to the thing.
    word_.store(next, std::memory_order_release);
  }

 private:
  Atomic<std::uint64_t> word_{0};
};

/// Who holds a block of a size class: 0: nobody; else a code that only the right way to give it back
/// yields again.
class BlockState {
 public:
  /// For who took the block from where free ones are. False, and nothing changed: somebody holds it, as it
  /// was given back twice.
  [[nodiscard]] bool hold(std::uint8_t code) noexcept {
    // Relaxed: the state guards only itself, as LiveCount::hold().
    if (state_.load(std::memory_order_relaxed) != 0) [[unlikely]] {
      return false;
    }
    state_.store(code, std::memory_order_relaxed);
    return true;
  }

  /// Ends hold(), whatever the code, while no other thread is in a call.
  void forget() noexcept {
    // Relaxed: as in hold().
    state_.store(0, std::memory_order_relaxed);
  }

  /// Ends hold(). False, and nothing changed: the block is not held with this code. Of several threads
  /// that try at the very same moment more than one may get true; not so in a hardened build.
  [[nodiscard]] bool unhold(std::uint8_t code) noexcept {
    if constexpr (annotate::kHardened) {
      // Relaxed: as in LiveCount::unhold().
      return state_.compare_exchange_strong(code, 0, std::memory_order_relaxed,
                                            std::memory_order_relaxed);
    } else {
      // Relaxed: as in hold(). Not one operation: a locked one would triple the time of a block.
      if (state_.load(std::memory_order_relaxed) != code) return false;
      state_.store(0, std::memory_order_relaxed);
      return true;
    }
  }

  /// The code, or 0.
  [[nodiscard]] std::uint8_t value() const noexcept {
    // Relaxed: no other memory is concluded from it.
    return state_.load(std::memory_order_relaxed);
  }

 private:
  Atomic<std::uint8_t> state_{0};
};

/// A place where things wait, each named by a number; 0: none.
class WaitingPlace {
 public:
  /// Puts `number` there and takes what was there. Of several threads each thing goes to one.
  std::uint64_t exchange(std::uint64_t number) noexcept {
    // Acquire and release: pair with each other; what was done to a thing before it waited comes before
    // what is done by who takes it.
    return number_.exchange(number, std::memory_order_acq_rel);
  }
  /// True at some moment.
  [[nodiscard]] std::uint64_t get() const noexcept {
    // Relaxed: no other memory is concluded from it.
    return number_.load(std::memory_order_relaxed);
  }

 private:
  Atomic<std::uint64_t> number_{0};
};

/// A number with one writer at a time that others may read: a magazine's fill, a run's length. Not
/// atomic as a whole: set(get() + 1) is for the writer only.
template <class T>
class Gauge {
 public:
  Gauge() = default;
  constexpr explicit Gauge(T value) noexcept : value_(value) {}

  [[nodiscard]] T get() const noexcept {
    // Relaxed: the writer reads what it wrote; to others it is a statistic.
    return value_.load(std::memory_order_relaxed);
  }
  void set(T value) noexcept {
    // Relaxed: publishes nothing but itself.
    value_.store(value, std::memory_order_relaxed);
  }

 private:
  Atomic<T> value_{0};
};

/// A number that any thread changes: a statistic.
class Tally {
 public:
  /// The value before.
  std::uint64_t add(std::uint64_t count) noexcept {
    // Relaxed: every addition is counted once; no other memory is concluded from it.
    return value_.fetch_add(count, std::memory_order_relaxed);
  }
  void subtract(std::uint64_t count) noexcept {
    // Relaxed: as in add().
    value_.fetch_sub(count, std::memory_order_relaxed);
  }
  /// Raises the number to `count` if it is less.
  void raise(std::uint64_t count) noexcept {
    // Relaxed: as in add(); a failed exchange reloads, and the number only grows.
    std::uint64_t seen = value_.load(std::memory_order_relaxed);
    while (seen < count && !value_.compare_exchange_weak(seen, count, std::memory_order_relaxed)) {
    }
  }
  /// What other threads count at this moment may be lost.
  void reset() noexcept {
    // Relaxed: as in add().
    value_.store(0, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t get() const noexcept {
    // Relaxed: a snapshot, true at some moment.
    return value_.load(std::memory_order_relaxed);
  }

 private:
  Atomic<std::uint64_t> value_{0};
};

}  // namespace bufferpool::detail
