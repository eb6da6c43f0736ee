// Models of callers that are wrong: two threads release the same thing at once. And of who is told.
#include <cstring>

#include "bufferpool/failure.hpp"
#include "commands.hpp"
#include "support.hpp"

namespace bufferpool::model {
namespace {

/// Of two threads that release the same run, or slot, one does, and the other is told. Meanwhile the one, and a
/// third, lease what is free. (Were it allocated, the second release could be one of the new holder's.)
template <class Pools, std::uint64_t kSlots>
struct TwoReleases : Pools {
  static constexpr unsigned kThreads = 3;
  static constexpr Bounds kQuick{.stale = 1, .spurious = 0};
  static constexpr Bounds kFull{.preemptions = 4, .stale = 1, .spurious = 1, .stops = 1};

  TwoReleases() : run(this->pool.core->try_allocate_run(kSlots)) {
    check(run != nullptr, "set-up");
  }

  void thread(unsigned index) {
    if (index < 2) release(index);
    this->pool.lease_use_give();
  }
  void release(unsigned index) {
    if (kSlots == 1) {
      this->pool.core->deallocate(run);
    } else {
      this->pool.core->deallocate_run(run, kSlots);
    }
    released[index] = 1;
  }
  void misuse(const char* message) {
    const bool says_so = std::strstr(message, "is already free") != nullptr ||
                         std::strstr(message, "holds a buffer's slices") != nullptr;
    if (this_thread() > 1 || !says_so) fail("%s", message);
    told[this_thread()] = 1;
  }
  void finish() {
    check(released[0] + released[1] == 1, "not exactly one release succeeded");
    check(told[0] + told[1] == 1, "not exactly one is told");
    this->check_nothing_is_lost();
  }
  void finish_without_stopped() const {
    check(released[0] + released[1] <= 1, "both releases succeeded");
    check(told[0] + told[1] <= 1, "both are told");
  }

  void* run;
  std::array<int, 2> released{};
  std::array<int, 2> told{};
};

/// So few slots that there are no magazines, all of them free.
template <std::uint64_t kSlots>
struct WithoutMagazines {
  void check_nothing_is_lost() {
    check(pool.core->stats().taken_slots == 0, "what is counted as taken is not what is");
    check(pool.count_allocatable() == kSlots, "a slot is lost");
  }
  Pool<kSlots, kSlots> pool;
};

struct TwoReleasesOfARun : TwoReleases<WithoutMagazines<2>, 2> {
  static constexpr Bounds kQuick{.preemptions = 2, .stale = 1, .spurious = 0};
};

struct TwoReleasesToMagazines : TwoReleases<WithMagazines<1>, 1> {
  static constexpr Bounds kQuick{.preemptions = 2, .stale = 1, .spurious = 0, .stops = 0};
  static constexpr Bounds kFull{.preemptions = 3, .stale = 1, .spurious = 1, .stops = 1};
};

/// Two threads give the same block back at the same instant: both may go on, but then it is had once.
struct TwoReleasesOfABlock {
  static constexpr unsigned kThreads = 2;

  TwoReleasesOfABlock() { check(state.hold(4), "set-up"); }

  void thread(unsigned index) { went_on[index] = state.unhold(4); }
  void finish() {
    check(went_on[0] + went_on[1] >= 1, "nobody gave the block back");
    check(state.hold(4), "the block is lost");
    check(!state.hold(4), "two hold the same block");
  }

  detail::BlockState state;
  std::array<int, 2> went_on{};
};

/// Two threads each write something and set a handler that reads it, while a third fails: the handler that it
/// calls finds what it reads, and so does who is given the other's in return for its own.
struct HandlerSetAgainstFailure {
  static constexpr unsigned kThreads = 3;

  HandlerSetAgainstFailure() { name(&read_by, sizeof read_by, "what a handler reads"); }

  void thread(unsigned index) {
    if (index == 2) detail::fail("what a caller did wrong");
    read_by[index].set(1);
    const FailureHandler before = set_failure_handler(index == 0 ? &handle<0> : &handle<1>);
    if (before != &on_misuse) look(1 - index);
  }
  template <unsigned kSetter>
  static void handle(const char* message) {
    StateOf<HandlerSetAgainstFailure>::get().look(kSetter);
    on_misuse(message);
  }
  void look(unsigned setter) const {
    check(read_by[setter].get() == 1, "a handler is had before what it reads");
  }
  void misuse(const char* message) {
    if (this_thread() != 2) fail("%s", message);
    is_told = true;
  }
  void finish() const { check(is_told, "nobody is told"); }

  std::array<Var<int>, 2> read_by;
  bool is_told = false;
};

}  // namespace

void add_misuse_models(Models& models) {
  models.push_back(make_model<TwoReleases<WithoutMagazines<1>, 1>>("slot_released_twice_at_once"));
  models.push_back(make_model<TwoReleasesOfARun>("run_released_twice_at_once"));
  models.push_back(make_model<TwoReleasesToMagazines>("slot_released_twice_to_magazines"));
  models.push_back(make_model<TwoReleasesOfABlock>("block_released_twice_at_once"));
  models.push_back(make_model<HandlerSetAgainstFailure>("failure_handler_set_against_failure"));
}

}  // namespace bufferpool::model
