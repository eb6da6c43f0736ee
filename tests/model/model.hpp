// What a model is written with.
//
// A model is a struct: its constructor is what happens before the threads, thread(i) is thread i, and
// finish() what must hold when all have ended. It is built anew, at the same address, for every schedule.
// Its destructor does nothing, and its threads own nothing from the heap: a schedule may be cut short.
// Where it has misuse(message), that is called for what the library reports as its caller's misuse, and the
// thread ends there; else a report is a failure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <string>
#include <vector>

#include "bufferpool_model/atomic.hpp"

namespace bufferpool::model {

/// What must hold does not: ends this schedule, and the search, which prints it.
[[noreturn]] [[gnu::format(printf, 1, 2)]] void fail(const char* format, ...);

inline void check(bool holds, const char* what) {
  if (!holds) fail("%s", what);
}

/// The running thread's number; kMostThreads before and after the threads.
[[nodiscard]] unsigned this_thread() noexcept;

/// The library's failure handler.
[[noreturn]] void on_misuse(const char* message);

/// The memory is gone. An error if anyone else touches it, unless that came before.
void retire(const void* memory, std::size_t bytes);

/// In traces, what lies there is called "text+offset".
void name(const void* memory, std::size_t bytes, const char* text);

void on_plain_read(const void* address);
void on_plain_write(const void* address);

/// Plain data: two threads that touch it, one of which writes, are in a race unless one comes before.
template <class T>
class Var {
 public:
  Var() = default;
  Var(T value) : value_(value) {}
  Var(const Var& other) : value_(other.get()) {}
  Var& operator=(const Var& other) {
    set(other.get());
    return *this;
  }

  [[nodiscard]] T get() const {
    on_plain_read(&value_);
    return value_;
  }
  void set(T value) {
    on_plain_write(&value_);
    value_ = value;
  }
  template <class U>
  [[nodiscard]] explicit operator U() const {
    return static_cast<U>(get());
  }

 private:
  T value_{};
};

/// No bound: every value that a load may return, and every place that a store may have.
inline constexpr unsigned kEveryStale = std::numeric_limits<unsigned>::max();

/// How far the search goes: so many of each in a schedule.
struct Bounds {
  unsigned preemptions = 3;  // a thread that could go on is left for another
  // Loads of other than the last store, stores before it. With a bound the states also differ by their number:
  // that takes longer, but where there are very many values.
  unsigned stale = kEveryStale;
  unsigned spurious = 1;  // compare_exchange_weak that fails for nothing
  unsigned stops = 1;     // threads that stop for ever
};

/// The functions of a model's type.
struct Model {
  std::string name;
  unsigned threads;
  void (*construct)();
  void (*thread)(unsigned index);
  void (*finish)(bool all_ended);
  void (*misuse)(const char* message);  // nullptr: there must be none
  Bounds quick;
  Bounds full;
};

template <class State>
struct StateOf {
  alignas(State) static inline std::byte storage[sizeof(State)];

  static State& get() { return *std::launder(reinterpret_cast<State*>(storage)); }
  /// In memory that is not zero, as a constructor must not rely on what was there.
  static void construct() {
    std::memset(storage, 0xA5, sizeof storage);
    asm volatile("" ::: "memory");  // else the compiler leaves that out
    ::new (storage) State;
  }
  static void thread(unsigned index) { get().thread(index); }
  /// Where a thread has stopped for ever, a model need not say what holds.
  static void finish(bool all_ended) {
    if constexpr (requires { get().finish_without_stopped(); }) {
      if (!all_ended) return get().finish_without_stopped();
    }
    if (all_ended) get().finish();
  }
  static void misuse(const char* message) { get().misuse(message); }
};

/// `State::kThreads` threads; `State::kQuick` and `State::kFull` are its bounds where the default is not.
template <class State>
[[nodiscard]] Model make_model(std::string name) {
  Bounds quick;
  if constexpr (requires { State::kQuick; }) quick = State::kQuick;
  Bounds full{.preemptions = 4, .stale = kEveryStale, .spurious = 2, .stops = 1};
  if constexpr (requires { State::kFull; }) full = State::kFull;
  using Of = StateOf<State>;
  void (*misuse)(const char*) = nullptr;
  if constexpr (requires { &State::misuse; }) misuse = Of::misuse;
  return {std::move(name), State::kThreads, Of::construct, Of::thread,
          Of::finish,      misuse,          quick,         full};
}

/// What belongs to an OS thread and must belong to a fibre: thread-local variables of the library.
struct FibreLocals {
  void (*reset)();                 // before each schedule
  void (*leave)(unsigned thread);  // put this thread's aside
  void (*enter)(unsigned thread);  // bring this thread's back
};
void use_fibre_locals(const FibreLocals& locals);

}  // namespace bufferpool::model
