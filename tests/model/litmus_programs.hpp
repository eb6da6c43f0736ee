// Small programs whose outcomes the C++ standard settles: what each thread reads, a digit a load.
#pragma once

#include <atomic>
#include <set>
#include <string>

#include "model.hpp"

namespace bufferpool::model::litmus {

using Outcomes = std::set<std::string>;
using Order = std::memory_order;

inline constexpr Order kRelaxed = std::memory_order_relaxed;
inline constexpr Order kAcquire = std::memory_order_acquire;
inline constexpr Order kRelease = std::memory_order_release;
inline constexpr Order kAcqRel = std::memory_order_acq_rel;
inline constexpr Order kSeqCst = std::memory_order_seq_cst;

/// Of all schedules since it was cleared.
inline Outcomes& outcomes_found() {
  static Outcomes found;
  return found;
}

/// What two to four threads read: each a digit.
struct Reads {
  static constexpr Bounds kQuick{.preemptions = 16, .stale = 16, .spurious = 2, .stops = 0};

  void finish() {
    std::string text;
    for (const int read : reads) {
      if (read >= 0) text += static_cast<char>('0' + read);
    }
    outcomes_found().insert(text);
  }

  Atomic<int> x{0};
  Atomic<int> y{0};
  int reads[4] = {-1, -1, -1, -1};
};

template <Order kStore, Order kLoad>
struct MessagePassing : Reads {
  static constexpr unsigned kThreads = 2;
  void thread(unsigned index) {
    if (index == 0) {
      x.store(1, kRelaxed);
      y.store(1, kStore);
    } else {
      reads[0] = y.load(kLoad);
      reads[1] = x.load(kRelaxed);
    }
  }
};

/// Message passing with data that is no atomic: a race unless it is ordered.
template <Order kStore, Order kLoad>
struct PlainMessage : Reads {
  static constexpr unsigned kThreads = 2;
  void thread(unsigned index) {
    if (index == 0) {
      data.set(1);
      y.store(1, kStore);
    } else if (y.load(kLoad) == 1) {
      reads[0] = data.get();
    }
  }
  Var<int> data{0};
};

template <Order kStore, Order kLoad, bool kFence = false>
struct StoreBuffering : Reads {
  static constexpr unsigned kThreads = 2;
  void thread(unsigned index) {
    (index == 0 ? x : y).store(1, kStore);
    if constexpr (kFence) on_fence(kSeqCst);
    reads[index] = (index == 0 ? y : x).load(kLoad);
  }
};

struct LoadBuffering : Reads {
  static constexpr unsigned kThreads = 2;
  void thread(unsigned index) {
    reads[index] = (index == 0 ? y : x).load(kRelaxed);
    (index == 0 ? x : y).store(1, kRelaxed);
  }
};

/// Independent reads of independent writes: do both readers agree on which came first?
template <Order kStore, Order kLoad>
struct Iriw : Reads {
  static constexpr unsigned kThreads = 4;
  void thread(unsigned index) {
    if (index == 0) return x.store(1, kStore);
    if (index == 1) return y.store(1, kStore);
    const bool third = index == 2;
    reads[third ? 0 : 2] = (third ? x : y).load(kLoad);
    reads[third ? 1 : 3] = (third ? y : x).load(kLoad);
  }
};

/// Two loads of one location do not go back.
struct ReadRead : Reads {
  static constexpr unsigned kThreads = 2;
  void thread(unsigned index) {
    if (index == 0) {
      x.store(1, kRelaxed);
      x.store(2, kRelaxed);
    } else {
      reads[0] = x.load(kRelaxed);
      reads[1] = x.load(kRelaxed);
    }
  }
};

/// Two threads' stores to two locations: the last of each may be the first store of its thread.
struct TwoWrites : Reads {
  static constexpr unsigned kThreads = 2;
  void thread(unsigned index) {
    (index == 0 ? x : y).store(1, kRelaxed);
    (index == 0 ? y : x).store(2, kRelaxed);
  }
  void finish() {
    reads[0] = x.load(kRelaxed);
    reads[1] = y.load(kRelaxed);
    Reads::finish();
  }
};

/// A release sequence goes through another thread's read-modify-write, not through its store.
template <bool kChange>
struct ReleaseSequence : Reads {
  static constexpr unsigned kThreads = 3;
  void thread(unsigned index) {
    if (index == 0) {
      x.store(1, kRelaxed);
      y.store(1, kRelease);
    } else if (index == 1) {
      if constexpr (kChange) {
        static_cast<void>(y.fetch_add(2, kRelaxed));
      } else if (y.load(kRelaxed) == 1) {
        y.store(3, kRelaxed);
      }
    } else {
      const int seen = y.load(kAcquire);
      if (seen == 3) reads[0] = x.load(kRelaxed);
    }
  }
};

/// No change is lost, in whatever order.
struct Changes : Reads {
  static constexpr unsigned kThreads = 3;
  void thread(unsigned) { static_cast<void>(x.fetch_add(1, kRelaxed)); }
  void finish() {
    reads[0] = x.load(kRelaxed);
    Reads::finish();
  }
};

/// A weak compare-exchange may fail where a strong one does not.
template <bool kWeak>
struct Spurious : Reads {
  static constexpr unsigned kThreads = 1;
  void thread(unsigned) {
    int expected = 0;
    reads[0] = kWeak ? x.compare_exchange_weak(expected, 1, kAcqRel, kRelaxed)
                     : x.compare_exchange_strong(expected, 1, kAcqRel, kRelaxed);
  }
};

/// Relaxed accesses between fences pass a message too.
template <Order kFirst, Order kSecond>
struct FenceMessage : Reads {
  static constexpr unsigned kThreads = 2;
  void thread(unsigned index) {
    if (index == 0) {
      data.set(1);
      on_fence(kFirst);
      y.store(1, kRelaxed);
    } else if (y.load(kRelaxed) == 1) {
      on_fence(kSecond);
      reads[0] = data.get();
    }
  }
  Var<int> data{0};
};

}  // namespace bufferpool::model::litmus
