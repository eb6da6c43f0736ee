// One schedule of one model, from its construction to its end.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "clock.hpp"
#include "explorer.hpp"
#include "fibre.hpp"
#include "memory.hpp"
#include "model.hpp"

namespace bufferpool::model {

enum class Ending { complete, seen_before, failed };

/// A memory order that is another than the source says, at one place of it.
struct Weakening {
  std::string file;        // the end of its name
  std::string function{};  // or empty: by line
  int first = 0;           // lines; 0: every one
  int last = 0;
  std::memory_order to = std::memory_order_relaxed;

  [[nodiscard]] bool is_at(const Site& site) const noexcept;
};

class Execution {
 public:
  Execution(const Model& model, const Bounds& bounds) : model_(model), bounds_(bounds) {}

  [[nodiscard]] Ending run();

  /// The one whose threads run now; nullptr: none, or it is being set up or finished.
  [[nodiscard]] static Execution* running() noexcept;
  /// The one that is anywhere between construction and end.
  [[nodiscard]] static Execution* present() noexcept;

  // --- For the operations.

  /// Before every operation on a location: here another thread may go on.
  void step(Location& location, bool writes);
  [[nodiscard]] unsigned choose(ChoiceKind kind, unsigned count) {
    return explorer.choose(steps_, kind, count);
  }
  [[nodiscard]] ThreadView& me() noexcept { return views_[current_]; }
  [[nodiscard]] unsigned current() const noexcept { return current_; }
  // What is had once or twice in a schedule: a store that is not the last, a failure for nothing.
  [[nodiscard]] bool has_stale() const noexcept { return stale_ < bounds_.stale; }
  /// Where there is no bound, not counted: states are the same after many and after few.
  void spend_stale() noexcept { stale_ += bounds_.stale != kEveryStale; }
  [[nodiscard]] bool has_spurious() const noexcept { return spurious_ < bounds_.spurious; }
  void spend_spurious() noexcept { ++spurious_; }
  [[nodiscard]] unsigned steps() const noexcept { return steps_; }

  /// Ends the schedule at once.
  [[noreturn]] void end(Ending ending);
  /// Ends this thread, which the library has told of a misuse that the model expects.
  [[noreturn]] void end_after_misuse(const char* message);

  Explorer explorer;
  Memory memory;
  std::string failure;
  bool has_learnt_sharing = false;
  bool traces = false;
  unsigned most_preemptions = 0;

 private:
  static constexpr unsigned kMostSteps = 5'000;

  static void conduct(unsigned);
  static void run_thread(unsigned index);
  void begin();
  void run_all();
  void let_others_go_on();
  void go_on_with(unsigned thread);
  [[noreturn]] void end_thread();
  [[nodiscard]] std::uint64_t state() const noexcept;
  /// The n-th of the threads that could go on instead of this one.
  [[nodiscard]] unsigned nth_other(unsigned n) const noexcept;
  [[nodiscard]] unsigned count_others() const noexcept;

  const Model& model_;
  Bounds bounds_;
  std::array<Fibre, kMostThreads + 1> fibres_;  // the last one conducts
  Fibre root_;
  std::array<ThreadView, kMostThreads> views_;
  unsigned current_ = kMostThreads;
  unsigned unfinished_ = 0;  // a bit a thread
  unsigned stopped_ = 0;     // likewise
  unsigned steps_ = 0;
  unsigned preemptions_ = 0;
  unsigned stale_ = 0;
  unsigned spurious_ = 0;
  Ending ending_ = Ending::complete;
};

/// For the whole program: from now on the order at these places is another.
void weaken(const Weakening& weakening);
void restore_orders();
/// An operation of a thread was at one of these places.
[[nodiscard]] bool has_weakened() noexcept;

}  // namespace bufferpool::model
