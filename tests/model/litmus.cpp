// The checker is checked: of small programs whose outcomes the C++ standard settles, it finds exactly those.
// (But for load buffering: C++ allows relaxed loads to read each other's later stores, and the checker does
// not try it, as no compiler and processor that we run on does it. Here it is expected not to be found.)
#include <cstdio>

#include "commands.hpp"
#include "litmus_programs.hpp"
#include "search.hpp"

namespace bufferpool::model {
namespace {

using namespace litmus;

class Report {
 public:
  template <class State>
  void expect(const char* name, const Outcomes& allowed) {
    const bool is_right = explore<State>(name) && outcomes_found() == allowed;
    std::printf("%-48s%s:", name, is_right ? "" : "  WRONG");
    for (const std::string& outcome : outcomes_found()) std::printf(" %s", outcome.c_str());
    std::printf("\n");
    all_right_ &= is_right;
  }

  template <class State>
  void expect_race(const char* name) {
    const bool is_right = !explore<State>(name);
    std::printf("%-48s%s: a race\n", name, is_right ? "" : "  WRONG: not");
    all_right_ &= is_right;
  }

  [[nodiscard]] bool all_right() const noexcept { return all_right_; }

 private:
  template <class State>
  static bool explore(const char* name) {
    outcomes_found().clear();
    const Model model = make_model<State>(name);
    const SearchResult result = search(model, model.quick, {});
    return !result.has_failed && result.is_complete;
  }

  bool all_right_ = true;
};

const Outcomes kAnyTwo{"00", "01", "10", "11"};
const Outcomes kNotBothZero{"01", "10", "11"};
const Outcomes kNotBothOne{"00", "01", "10"};
const Outcomes kNotStale{"00", "01", "11"};

Outcomes any_four_but(const Outcomes& excluded) {
  Outcomes all;
  for (const std::string& a : kAnyTwo) {
    for (const std::string& b : kAnyTwo) {
      if (!excluded.contains(a + b)) all.insert(a + b);
    }
  }
  return all;
}

void pass_messages(Report& report) {
  report.expect<MessagePassing<kRelease, kAcquire>>("message_passing_release_acquire", kNotStale);
  report.expect<MessagePassing<kRelaxed, kAcquire>>("message_passing_relaxed_acquire", kAnyTwo);
  report.expect<MessagePassing<kRelease, kRelaxed>>("message_passing_release_relaxed", kAnyTwo);
  report.expect<PlainMessage<kRelease, kAcquire>>("plain_message_release_acquire", {"", "1"});
  report.expect_race<PlainMessage<kRelaxed, kAcquire>>("plain_message_relaxed_acquire");
  report.expect_race<PlainMessage<kRelease, kRelaxed>>("plain_message_release_relaxed");
  report.expect<FenceMessage<kRelease, kAcquire>>("fence_message_release_acquire", {"", "1"});
  report.expect_race<FenceMessage<kRelaxed, kAcquire>>("fence_message_without_release");
  report.expect_race<FenceMessage<kRelease, kRelaxed>>("fence_message_without_acquire");
  report.expect<ReleaseSequence<true>>("release_sequence_through_a_change", {"", "1"});
  report.expect<ReleaseSequence<false>>("no_release_sequence_through_a_store", {"", "0", "1"});
}

void buffer_stores(Report& report) {
  report.expect<StoreBuffering<kRelease, kAcquire>>("store_buffering_release_acquire", kAnyTwo);
  report.expect<StoreBuffering<kSeqCst, kSeqCst>>("store_buffering_seq_cst", kNotBothZero);
  report.expect<StoreBuffering<kSeqCst, kAcquire>>("store_buffering_seq_cst_acquire", kAnyTwo);
  report.expect<StoreBuffering<kRelaxed, kRelaxed, true>>("store_buffering_fences", kNotBothZero);
  report.expect<LoadBuffering>("load_buffering_is_not_tried", kNotBothOne);
}

void read_independent_writes(Report& report) {
  report.expect<Iriw<kRelease, kAcquire>>("iriw_release_acquire", any_four_but({}));
  report.expect<Iriw<kSeqCst, kSeqCst>>("iriw_seq_cst", any_four_but({"1010"}));
}

void keep_coherence(Report& report) {
  report.expect<ReadRead>("coherence_of_two_reads", {"00", "01", "02", "11", "12", "22"});
  report.expect<TwoWrites>("two_writes_each", {"11", "12", "21", "22"});
  report.expect<Changes>("three_changes", {"3"});
  report.expect<Spurious<true>>("compare_exchange_weak", {"0", "1"});
  report.expect<Spurious<false>>("compare_exchange_strong", {"1"});
}

}  // namespace

bool run_litmus() {
  Report report;
  pass_messages(report);
  buffer_stores(report);
  read_independent_writes(report);
  keep_coherence(report);
  return report.all_right();
}

}  // namespace bufferpool::model
