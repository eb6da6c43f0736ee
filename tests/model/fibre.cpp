#include "fibre.hpp"

#include "bufferpool/annotate.hpp"

namespace bufferpool::model {

void Fibre::prepare(void (*body)(unsigned), unsigned index) {
  stack_.resize(kStackBytes);
  // What an abandoned fibre left there says nothing about the next one.
  annotate::unpoison(stack_.data(), stack_.size());
  ::getcontext(&context_);
  context_.uc_stack.ss_sp = stack_.data();
  context_.uc_stack.ss_size = stack_.size();
  context_.uc_link = nullptr;
  // makecontext() passes on arguments of type int to a function that it takes as one without any.
  ::makecontext(&context_, reinterpret_cast<void (*)()>(body), 1, index);
}

}  // namespace bufferpool::model
