// The threads of a model: fibres of one OS thread, so that exactly one runs at a time, and goes on where
// the checker says. A fibre that is not resumed any more is left as it is: what stands on its stack must
// own nothing.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace bufferpool::model {

class Fibre {
 public:
  /// Runs body(index) from the beginning when it is next switched to; body does not return.
  void prepare(void (*body)(unsigned), unsigned index);

  /// Goes on in `to`; returns when somebody switches back here. Not by swapcontext(), whose system call, for signals
  /// that nobody masks, takes longer than a step of a model.
  [[gnu::noinline]] void switch_to(Fibre& to) {
    if (__builtin_setjmp(place_) == 0) to.go_on();
  }

 private:
  static constexpr std::size_t kStackBytes = 256 * 1024;

  using Place = void* [5];  // what __builtin_setjmp() keeps

  /// Lays the first frame of the stack, which stays there.
  void begin();
  static void run();
  [[noreturn, gnu::noinline]] void go_on() {
    if (!std::exchange(is_new_, false)) __builtin_longjmp(place_, 1);
    beginning = this;
    __builtin_longjmp(start_, 1);
  }

  static inline Fibre* beginning = nullptr;

  Place place_;  // where it left off
  Place start_;  // in its first frame
  bool is_new_ = false;
  void (*body_)(unsigned) = nullptr;
  unsigned index_ = 0;
  std::vector<std::byte> stack_;
};

}  // namespace bufferpool::model
