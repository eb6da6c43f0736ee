#include "fibre.hpp"

#include <ucontext.h>

#include "bufferpool/annotate.hpp"

namespace bufferpool::model {
namespace {

ucontext_t outside;
ucontext_t first_frame;

}  // namespace

void Fibre::prepare(void (*body)(unsigned), unsigned index) {
  body_ = body;
  index_ = index;
  is_new_ = true;
  if (stack_.empty()) begin();
  // What an abandoned fibre left there says nothing about the next one.
  annotate::unpoison(stack_.data(), stack_.size());
}

void Fibre::begin() {
  stack_.resize(kStackBytes);
  ::getcontext(&first_frame);
  first_frame.uc_stack.ss_sp = stack_.data();
  first_frame.uc_stack.ss_size = stack_.size();
  first_frame.uc_link = nullptr;
  ::makecontext(&first_frame, &Fibre::run, 0);
  beginning = this;
  ::swapcontext(&outside, &first_frame);
}

void Fibre::run() {
  if (__builtin_setjmp(beginning->start_) == 0) ::swapcontext(&first_frame, &outside);
  beginning->body_(beginning->index_);
}

}  // namespace bufferpool::model
