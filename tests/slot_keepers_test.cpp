#include "bufferpool/slot_keepers.hpp"

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
  SlotKeepers keepers(1);
  EXPECT_FALSE(keepers.ask());
}

TEST(SlotKeepers, all_are_asked_and_one_that_has_something_is_enough) {
  SlotKeepers keepers(1);
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
  SlotKeepers keepers(1);
  OneSlotKeeper asking(true);
  OneSlotKeeper other(true);
  keepers.add(asking);
  EXPECT_FALSE(keepers.ask(&asking));
  keepers.add(other);
  EXPECT_TRUE(keepers.ask(&asking));
  EXPECT_EQ(asking.asked(), 0);
}

TEST(SlotKeepers, they_leave_in_any_order) {
  for (const std::vector<int>& order :
       {std::vector{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}) {
    SlotKeepers keepers(1);
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
