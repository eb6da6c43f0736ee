#include "execution.hpp"

#include <algorithm>
#include <bit>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

#include "bufferpool/failure.hpp"

namespace bufferpool::model {
namespace {

Execution* the_present = nullptr;
FibreLocals the_locals{[] {}, [](unsigned) {}, [](unsigned) {}};

}  // namespace

void use_fibre_locals(const FibreLocals& locals) { the_locals = locals; }

Execution* Execution::present() noexcept { return the_present; }

Execution* Execution::running() noexcept {
  return the_present != nullptr && the_present->current_ != kMostThreads ? the_present : nullptr;
}

Ending Execution::run() {
  begin();
  the_present = this;
  fibres_[kMostThreads].prepare(&conduct, 0);
  root_.switch_to(fibres_[kMostThreads]);
  the_present = nullptr;
  return ending_;
}

void Execution::begin() {
  explorer.begin_execution();
  memory.begin_execution();
  failure.clear();
  views_ = {};
  for (unsigned i = 0; i < model_.threads; ++i) {
    views_[i].index = i;
    fibres_[i].prepare(&run_thread, i);
  }
  current_ = kMostThreads;
  unfinished_ = (1U << model_.threads) - 1;
  stopped_ = steps_ = preemptions_ = stale_ = spurious_ = 0;
}

void Execution::conduct(unsigned) {
  Execution& self = *the_present;
  the_locals.reset();
  the_locals.enter(kMostThreads);
  set_failure_handler(&on_misuse);  // a model's threads may set another
  self.model_.construct();
  self.run_all();
  self.model_.finish(self.unfinished_ == 0);
  self.end(Ending::complete);
}

void Execution::run_all() { go_on_with(nth_other(choose(ChoiceKind::thread, count_others()))); }

void Execution::run_thread(unsigned index) {
  Execution& self = *the_present;
  self.me().hash = mix(index, 1);
  self.model_.thread(index);
  self.end_thread();
}

void Execution::end_thread() {
  unfinished_ &= ~(1U << current_);
  ++steps_;
  const unsigned others = count_others();
  go_on_with(others != 0 ? nth_other(choose(ChoiceKind::thread, others)) : kMostThreads);
  __builtin_unreachable();  // nobody switches back
}

void Execution::end_after_misuse(const char* message) {
  if (model_.misuse == nullptr) fail("%s", message);
  model_.misuse(message);
  end_thread();
}

void Execution::go_on_with(unsigned thread) {
  Fibre& from = fibres_[current_];
  the_locals.leave(current_);
  current_ = thread;
  the_locals.enter(current_);
  from.switch_to(fibres_[thread]);
}

void Execution::end(Ending ending) {
  ending_ = ending;
  Fibre& from = fibres_[current_];
  current_ = kMostThreads;
  from.switch_to(root_);
  __builtin_unreachable();  // nobody switches back
}

void Execution::step(Location& location, bool writes) {
  ++steps_;
  if (steps_ > kMostSteps) fail("a thread does not come to an end");
  has_learnt_sharing |= Memory::learns_sharing(location, current_, writes);
  if (location.is_shared || explorer.is_replay()) let_others_go_on();
  me().tick();
}

void Execution::let_others_go_on() {
  if (!explorer.is_new(state(), preemptions_)) end(Ending::seen_before);
  const unsigned others = count_others();
  const unsigned may_preempt = preemptions_ < bounds_.preemptions ? others : 0;
  const bool may_stop = static_cast<unsigned>(std::popcount(stopped_)) < bounds_.stops;
  const unsigned chosen = choose(ChoiceKind::thread, 1 + may_preempt + (may_stop ? others : 0));
  if (chosen > may_preempt) {
    stopped_ |= 1U << current_;
    go_on_with(nth_other(chosen - may_preempt - 1));
  } else if (chosen != 0) {
    most_preemptions = std::max(most_preemptions, ++preemptions_);
    go_on_with(nth_other(chosen - 1));
  }
}

unsigned Execution::count_others() const noexcept {
  const unsigned self = current_ == kMostThreads ? 0 : 1U << current_;
  return static_cast<unsigned>(std::popcount(unfinished_ & ~stopped_ & ~self));
}

unsigned Execution::nth_other(unsigned n) const noexcept {
  const unsigned self = current_ == kMostThreads ? 0 : 1U << current_;
  unsigned others = unfinished_ & ~stopped_ & ~self;
  for (; n != 0; --n) others &= others - 1;
  return static_cast<unsigned>(std::countr_zero(others));
}

std::uint64_t Execution::state() const noexcept {
  std::uint64_t hash = mix(memory.hash(), current_);
  for (unsigned i = 0; i < model_.threads; ++i) hash = mix(hash, views_[i].hash);
  return mix(mix(hash, stopped_ << 8 | unfinished_), stale_ << 8 | spurious_);
}

unsigned this_thread() noexcept {
  return Execution::running() != nullptr ? Execution::running()->current() : kMostThreads;
}

void on_misuse(const char* message) {
  Execution* const execution = Execution::running();
  if (execution == nullptr) fail("%s", message);
  execution->end_after_misuse(message);
}

void fail(const char* format, ...) {
  char message[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  Execution* const execution = Execution::present();
  if (execution == nullptr) {
    std::fprintf(stderr, "%s\n", message);
    std::abort();
  }
  execution->failure = message;
  execution->end(Ending::failed);
}

}  // namespace bufferpool::model
