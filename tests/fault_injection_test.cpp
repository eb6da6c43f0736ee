// The k-th call of upstream, or the k-th constructor of an element, throws, for every k until a run makes
// no further call: containers keep what they hold, and nothing is lost.
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include <gtest/gtest.h>

#include "bufferpool/pool_resource.hpp"
#include "support/fault_containers.hpp"
#include "support/resource_stats.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::test {
namespace {

constexpr int kElements = 50;

template <class Container>
class FaultInjection : public ::testing::Test {
 protected:
  ~FaultInjection() override { Fragile::fail_at(0); }

  /// Until it does not throw; when it does, `source` is as it was.
  template <class Operation>
  void attempt(const Container& source, int elements, const Operation& operation) {
    while (true) {
      try {
        return operation();
      } catch (const std::bad_alloc&) {
        ++thrown_;
        ASSERT_TRUE(holds_numbers_below(source, elements)) << "after a failure";
      }
    }
  }

  /// Some allocate as soon as they are made.
  [[nodiscard]] Container make(PoolResource& memory) {
    while (true) {
      try {
        return container_in<Container>(memory);
      } catch (const std::bad_alloc&) {
        ++thrown_;
      }
    }
  }

  /// What a container does in its life.
  void live(PoolResource& memory) {
    Container container = make(memory);
    for (int i = 0; i < kElements; ++i) {
      attempt(container, i, [&] { put_into(container, i); });
    }
    Container assigned = make(memory);
    attempt(container, kElements, [&] { assigned = container; });
    EXPECT_TRUE(holds_numbers_below(assigned, kElements));
    attempt(container, kElements, [&] {
      const Container copy(container);
      EXPECT_TRUE(holds_numbers_below(copy, kElements));
    });
    attempt(container, kElements, [&] {
      Container moved(std::move(container));
      EXPECT_TRUE(holds_numbers_below(moved, kElements));
      moved.clear();
      EXPECT_TRUE(holds_numbers_below(moved, 0));
    });
  }

  /// A life in a small pool. False: nothing failed. A Boost vector that cannot have what it prefers takes less:
  /// then nothing throws.
  template <class Arm>
  bool run(std::uint64_t slots, const Arm& arm) {
    WatchedResource upstream;
    thrown_ = 0;
    SlotPool pool({.slot_bytes = 64, .slots = slots, .upstream = &upstream});
    PoolResource memory(pool);
    arm(upstream);
    live(memory);
    Fragile::fail_at(0);
    EXPECT_EQ(Fragile::alive, 0);
    EXPECT_EQ(upstream.live_blocks(), 0U);
    EXPECT_TRUE(is_quiet(memory.stats()));
    return thrown_ != 0 || upstream.has_failed();
  }

  /// Lets the k-th fail, for every k; there must be `least` of them.
  template <class ArmAt>
  void run_for_every_k(std::uint64_t slots, std::uint64_t least, const ArmAt& arm_at) {
    for (std::uint64_t k = 1;; ++k) {
      SCOPED_TRACE(::testing::Message() << "number " << k << " fails, with " << slots << " slots");
      const bool failed = run(slots, [&](WatchedResource& upstream) { arm_at(upstream, k); });
      if (HasFailure()) return;
      if (!failed) {
        EXPECT_GT(k, least);
        return;
      }
    }
  }

  int thrown_ = 0;
};

TYPED_TEST_SUITE(FaultInjection, FaultContainers);

TYPED_TEST(FaultInjection, whichever_call_of_upstream_throws_nothing_is_lost) {
  for (const std::uint64_t times : {1U, 2U}) {
    const auto arm_at = [=](WatchedResource& upstream, std::uint64_t k) {
      upstream.fail_at(k, times);
    };
    this->run_for_every_k(0, 3, arm_at);  // all memory is upstream's
    this->run_for_every_k(1, 1, arm_at);  // what the slot has no room for
  }
}

template <class Container>
class ThrowingConstructor : public FaultInjection<Container> {};

TYPED_TEST_SUITE(ThrowingConstructor, FragileContainers);

TYPED_TEST(ThrowingConstructor, of_an_element_gives_its_memory_back_and_leaves_the_others) {
  this->run_for_every_k(4, 3 * kElements,
                        [](WatchedResource&, std::uint64_t k) { Fragile::fail_at(k); });
}

}  // namespace
}  // namespace bufferpool::test
