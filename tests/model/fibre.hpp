// The threads of a model: fibres of one OS thread, so that exactly one runs at a time, and goes on where
// the checker says. A fibre that is not resumed any more is left as it is: what stands on its stack must
// own nothing.
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <vector>

namespace bufferpool::model {

class Fibre {
 public:
  /// Runs body(index) from the beginning when it is next switched to; body does not return.
  void prepare(void (*body)(unsigned), unsigned index);

  /// Goes on in `to`; returns when somebody switches back here.
  void switch_to(Fibre& to) { ::swapcontext(&context_, &to.context_); }

 private:
  static constexpr std::size_t kStackBytes = 256 * 1024;

  ucontext_t context_{};
  std::vector<std::byte> stack_;
};

}  // namespace bufferpool::model
