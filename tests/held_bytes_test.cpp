// What all clients together make the proxy hold: beyond the limit, the lanes are asked to shed until it
// is not.
#include "held_bytes.hpp"

#include <atomic>
#include <cstddef>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "support/threads.hpp"
#include "support/two_threads.hpp"

namespace proxy {
namespace {

using bufferpool::test::expect_one_winner;
using bufferpool::test::Lockstep;
using bufferpool::test::on_threads;

// Each thread works through the same array, so that they meet at its elements.

constexpr std::size_t kElements = 100'000;
constexpr std::size_t kLanes = 2;

struct OneByte : HeldBytes {
  OneByte() : HeldBytes(1, kLanes) {}
};

TEST(HeldBytes, beyond_the_limit_the_lanes_are_asked_once_until_they_shed) {
  HeldBytes held(10, kLanes);
  EXPECT_FALSE(held.change(0, 10));
  EXPECT_FALSE(held.must_shed(10));
  EXPECT_TRUE(held.change(10, 11));
  EXPECT_FALSE(held.change(11, 12));
  held.begin_to_shed();
  EXPECT_TRUE(held.must_shed(6));
  EXPECT_FALSE(held.must_shed(5)) << "no more than its part";
  EXPECT_TRUE(held.change(12, 13)) << "asked again";
}

TEST(HeldBytesThreads, of_two_that_cross_the_limit_at_once_one_is_to_ask) {
  std::vector<OneByte> helds(kElements);
  expect_one_winner(kElements, [&](int, std::size_t i) { return helds[i].change(0, 1); });
}

TEST(HeldBytesThreads, what_is_added_while_a_lane_begins_to_shed_is_seen_or_asked_for) {
  std::vector<OneByte> helds(kElements);
  std::vector<unsigned char> sheds(kElements), asked(kElements);
  for (OneByte& held : helds) {
    EXPECT_TRUE(held.change(0, 2));
    EXPECT_FALSE(held.change(2, 0));
  }
  Lockstep lockstep;
  on_threads(kLanes, [&](int thread) {
    for (std::size_t i = 0; i < kElements; ++i) {
      lockstep.meet(thread, i);
      if (thread == 0) {
        helds[i].begin_to_shed();
        sheds[i] = helds[i].must_shed(1);
      } else {
        asked[i] = helds[i].change(0, 2);
      }
    }
  });
  for (std::size_t i = 0; i < kElements; ++i) ASSERT_GE(sheds[i] + asked[i], 1) << i;
}

/// Lanes that do what they are asked to when they come to it.
class Lanes {
 public:
  static constexpr std::size_t kLimit = 100;

  void change(std::size_t lane, std::size_t now) {
    const std::size_t before = held_by_[lane];
    held_by_[lane] = now;
    if (total_.change(before, now)) asked_[0] = asked_[1] = true;
  }
  void obey(std::size_t lane) {
    if (!asked_[lane].exchange(false)) return;
    total_.begin_to_shed();
    while (total_.must_shed(held_by_[lane])) change(lane, held_by_[lane] - 1);
  }
  bool asked() const { return asked_[0] || asked_[1]; }
  std::size_t held_bytes() const { return held_by_[0] + held_by_[1]; }

 private:
  HeldBytes total_{kLimit, kLanes};
  std::atomic<bool> asked_[kLanes]{};
  std::size_t held_by_[kLanes]{};  // each its lane's
};

TEST(HeldBytesThreads, when_all_have_obeyed_no_more_is_held_than_the_limit) {
  for (unsigned round = 0; round < 1000; ++round) {
    Lanes lanes;
    on_threads(kLanes, [&](int thread) {
      const auto lane = static_cast<std::size_t>(thread);
      std::minstd_rand chance(2 * round + static_cast<unsigned>(thread));
      for (int i = 0; i < 50; ++i) {
        lanes.change(lane, chance() % (2 * Lanes::kLimit));
        if (chance() % 2 == 0) lanes.obey(lane);
      }
    });
    while (lanes.asked()) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) lanes.obey(lane);
    }
    ASSERT_LE(lanes.held_bytes(), Lanes::kLimit) << "round " << round;
  }
}

}  // namespace
}  // namespace proxy
