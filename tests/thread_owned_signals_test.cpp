// A signal between any two instructions of a thread that looks for its cache: the processor traps after each.
#include <array>
#include <csignal>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/thread_owned.hpp"
#include "support/sanitizers.hpp"

namespace bufferpool::detail {
namespace {

struct BareCache {
  OwnerWord owner;
};

struct Caches {
  BareCache all[kThreadIndices];
  ThreadOwned<BareCache> array{all, kThreadIndices};
  BareCache* own = array.claim();

  [[nodiscard]] bool finds_own() const { return array.mine() == own; }
};

/// Looks at traps first, first + every, first + 2 * every ...
struct Handler {
  const Caches* caches;
  int first;
  int every;
  int traps = 0;
  int wrong = 0;

  void look() {
    ++traps;
    if (traps < first || (traps - first) % every != 0) return;
    if (!caches->finds_own()) ++wrong;
  }
};
Handler* handler = nullptr;

/// caches.finds_own(), with a trap after each instruction.
[[gnu::noinline]] bool finds_own_step_by_step([[maybe_unused]] const Caches& caches) {
  bool finds = false;
#if defined(__x86_64__)
  constexpr unsigned long long trap_flag = 0x100;
  __builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() | trap_flag);
  finds = caches.finds_own();
  __builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() & ~trap_flag);
#endif
  return finds;
}

class ThreadOwnedSignals : public ::testing::Test {
 protected:
  void SetUp() override {
#if !defined(__x86_64__)
    GTEST_SKIP() << "the flag that asks for a trap after each instruction is x86-64's";
#endif
    if (test::kThreadSanitizer)
      GTEST_SKIP() << "ThreadSanitizer's own code, called everywhere, may not be interrupted";
    struct sigaction action = {};
    action.sa_handler = [](int) { handler->look(); };
    ASSERT_EQ(::sigaction(SIGTRAP, &action, &before_), 0);
  }
  void TearDown() override { ASSERT_EQ(::sigaction(SIGTRAP, &before_, nullptr), 0); }

  /// So many arrays that the last has the place of the first among a thread's shortcuts.
  std::array<Caches, kThreadShortcuts> arrays_;
  const Caches& threads_ = arrays_.front();
  const Caches& handlers_ = arrays_.back();

 private:
  struct sigaction before_ = {};
};

TEST_F(ThreadOwnedSignals, a_handler_that_looks_for_its_own_leaves_the_threads_where_it_was) {
  constexpr int once = 1'000'000;
  // A tool's build traps ten times as often: there at every fifth trap, and once.
  const int step = test::kAddressSanitizer ? 5 : 1;
  const std::vector<int> intervals =
      test::kAddressSanitizer ? std::vector{once} : std::vector{1, 2, 3, 5, 8, once};
  for (const Caches* const looked_last : {&threads_, &handlers_}) {
    for (const int every : intervals) {
      for (int first = 1;; first += step) {
        ASSERT_TRUE(looked_last->finds_own());
        Handler looks{.caches = &handlers_, .first = first, .every = every};
        handler = &looks;
        ASSERT_TRUE(finds_own_step_by_step(threads_)) << "trap " << first << ", every " << every;
        if (looks.traps == 0)
          GTEST_SKIP() << "this processor, or what it is played by, does not trap";
        ASSERT_EQ(looks.wrong, 0) << "trap " << first << ", every " << every;
        ASSERT_TRUE(handlers_.finds_own()) << "trap " << first << ", every " << every;
        ASSERT_TRUE(threads_.finds_own()) << "trap " << first << ", every " << every;
        if (looks.traps < first) break;
      }
    }
  }
}

}  // namespace
}  // namespace bufferpool::detail
