#include "bufferpool/slot_keepers.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/pool_resource.hpp"
#include "support/slots.hpp"

namespace bufferpool::detail {
namespace {

/// Of one slot, if it has any.
class OneSlotKeeper : public SlotKeeper {
 public:
  explicit OneSlotKeeper(bool has_one) : has_one_(has_one) {}
  bool give_back_free() noexcept override {
    ++asked_;
    return std::exchange(has_one_, false);
  }
  [[nodiscard]] int asked() const { return asked_; }

 private:
  bool has_one_;
  int asked_ = 0;
};

TEST(SlotKeepers, without_any_nobody_is_asked) {
  SlotKeepers keepers;
  EXPECT_FALSE(keepers.ask());
}

TEST(SlotKeepers, all_are_asked_and_one_that_has_something_is_enough) {
  SlotKeepers keepers;
  OneSlotKeeper empty(false);
  OneSlotKeeper full(true);
  keepers.add(full);
  keepers.add(empty);
  EXPECT_TRUE(keepers.ask());
  EXPECT_FALSE(keepers.ask());
  EXPECT_EQ(empty.asked(), 2);
  EXPECT_EQ(full.asked(), 2);
}

TEST(SlotKeepers, who_asks_for_the_others_is_left_out) {
  SlotKeepers keepers;
  OneSlotKeeper asking(true);
  OneSlotKeeper other(true);
  keepers.add(asking);
  EXPECT_FALSE(keepers.ask(&asking));
  keepers.add(other);
  EXPECT_TRUE(keepers.ask(&asking));
  EXPECT_EQ(asking.asked(), 0);
}

TEST(SlotKeepers, of_many_each_gets_its_turn) {
  SlotKeepers keepers;
  std::deque<OneSlotKeeper> many;
  for (std::uint64_t number = 0; number < 3 * SlotKeepers::kMostAsked; ++number) {
    keepers.add(many.emplace_back(number == 0));  // who came first is asked last
  }
  EXPECT_FALSE(keepers.ask());
  EXPECT_FALSE(keepers.ask());
  EXPECT_TRUE(keepers.ask());
  for (const OneSlotKeeper& keeper : many) EXPECT_EQ(keeper.asked(), 1);
}

/// As a resource that the failure handler ends, with the process.
class LeavingKeeper : public SlotKeeper {
 public:
  explicit LeavingKeeper(SlotKeepers& keepers) : keepers_(keepers) {}
  bool give_back_free() noexcept override {
    keepers_.remove(*this);
    return true;
  }

 private:
  SlotKeepers& keepers_;
};

TEST(SlotKeepers, one_that_is_asked_may_leave) {
  SlotKeepers keepers;
  LeavingKeeper leaving(keepers);
  OneSlotKeeper staying(false);
  keepers.add(staying);
  keepers.add(leaving);
  EXPECT_TRUE(keepers.ask());
  EXPECT_FALSE(keepers.ask());
  EXPECT_EQ(staying.asked(), 2);
  keepers.remove(staying);
  EXPECT_FALSE(keepers.ask());
}

/// Lacks a slot of another pool itself.
class AskingKeeper : public SlotKeeper {
 public:
  explicit AskingKeeper(SlotKeepers& others) : others_(others) {}
  bool give_back_free() noexcept override { return others_.ask(); }

 private:
  SlotKeepers& others_;
};

TEST(SlotKeepers, who_asks_those_of_one_pool_stops_nobody_at_another) {
  for (int pools = 0; pools < 20; ++pools) {
    SlotKeepers keepers;
    SlotKeepers others;
    OneSlotKeeper full(true);
    others.add(full);
    AskingKeeper asking(others);
    keepers.add(asking);
    EXPECT_TRUE(keepers.ask());
  }
}

TEST(SlotKeepers, a_child_needs_not_wait_for_who_asked_in_its_parent) {
  SlotKeepers keepers;
  std::atomic<bool> stops = false;
  std::atomic<bool> asks = false;
  class WaitingKeeper : public SlotKeeper {
   public:
    WaitingKeeper(std::atomic<bool>& asks, const std::atomic<bool>& stops)
        : asks_(asks), stops_(stops) {}
    bool give_back_free() noexcept override {
      asks_ = true;
      while (!stops_) std::this_thread::yield();
      return true;
    }

   private:
    std::atomic<bool>& asks_;
    const std::atomic<bool>& stops_;
  } waiting(asks, stops);
  keepers.add(waiting);
  std::thread asking([&] { EXPECT_TRUE(keepers.ask()); });
  while (!asks) std::this_thread::yield();
  EXPECT_FALSE(keepers.ask());  // nobody waits for who asks
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);  // whoever waits for ever is ended by a signal
    stops = true;
    const bool found = keepers.ask();
    keepers.remove(waiting);
    ::_exit(found ? 0 : 1);
  }
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  stops = true;
  asking.join();
}

TEST(SlotKeepers, they_leave_in_any_order) {
  for (const std::vector<int>& order :
       {std::vector{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}) {
    SlotKeepers keepers;
    OneSlotKeeper three[] = {OneSlotKeeper(true), OneSlotKeeper(true), OneSlotKeeper(true)};
    for (OneSlotKeeper& keeper : three) keepers.add(keeper);
    int left = 3;
    for (const int number : order) {
      keepers.remove(three[number]);
      --left;
      int before = 0;
      for (const OneSlotKeeper& keeper : three) before += keeper.asked();
      EXPECT_EQ(keepers.ask(), left == 2);
      int after = 0;
      for (const OneSlotKeeper& keeper : three) after += keeper.asked();
      EXPECT_EQ(after - before, left);
    }
  }
}

// --- Whoever lacks slots of a pool whose resource keeps free ones.

class KeptSlots : public ::testing::Test {
 protected:
  /// So that each of its slots is the resource's, with nothing in it.
  void keep_all() {
    std::vector<void*> blocks;
    while (memory_.stats().upstream_blocks == 0) blocks.push_back(memory_.allocate(48));
    for (void* const block : blocks) memory_.deallocate(block, 48);
    memory_.deallocate(memory_.allocate(3000), 3000);
  }

  SlotPool pool_{{.slot_bytes = 4096, .slots = 64}};
  PoolResource memory_{pool_};
};

TEST_F(KeptSlots, come_back_before_upstream_is_asked) {
  keep_all();
  std::vector<void*> slots;
  while (slots.size() < pool_.slots()) {
    slots.push_back(pool_.allocate());
    EXPECT_TRUE(pool_.owns(slots.back()));
  }
  EXPECT_EQ(pool_.stats().served_by_upstream, 0u);
  void* const from_upstream = pool_.allocate();
  EXPECT_FALSE(pool_.owns(from_upstream));
  pool_.deallocate(from_upstream);
  test::give_all(pool_, slots);
}

TEST_F(KeptSlots, come_back_as_a_run) {
  keep_all();
  void* const run = pool_.allocate_run(pool_.slots());
  EXPECT_TRUE(pool_.owns(run));
  pool_.deallocate_run(run, pool_.slots());
  EXPECT_EQ(pool_.stats().served_by_upstream, 0u);
}

TEST_F(KeptSlots, leave_the_resource_as_it_is_where_none_is_lacking) {
  keep_all();
  const PoolResourceStats before = memory_.stats();
  pool_.deallocate(pool_.allocate());
  for (unsigned index = 0; index < kSizeClasses; ++index) {
    EXPECT_EQ(memory_.stats().classes[index].cached, before.classes[index].cached);
  }
}

TEST_F(KeptSlots, what_is_held_stays_as_it_is) {
  void* const block = memory_.allocate(48);
  keep_all();
  const std::vector<void*> slots = test::take_all(pool_);
  EXPECT_EQ(slots.size(), pool_.slots() - 1);
  EXPECT_TRUE(memory_.owns(block));
  memory_.deallocate(block, 48);
  test::give_all(pool_, slots);
}

TEST_F(KeptSlots, of_a_resource_that_is_gone_are_asked_of_nobody) {
  {
    PoolResource gone(pool_);
    gone.deallocate(gone.allocate(48), 48);
  }
  EXPECT_TRUE(test::has_every_slot_once(pool_));
}

TEST_F(KeptSlots, of_a_resource_that_was_released_are_asked_for_again) {
  keep_all();
  memory_.release();
  keep_all();
  EXPECT_TRUE(test::has_every_slot_once(pool_));
}

}  // namespace
}  // namespace bufferpool::detail
