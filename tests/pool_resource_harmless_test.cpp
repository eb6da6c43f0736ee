// Misuse harms no other block: the failure handler, which may be replaced, finds all of them in order. It
// ends the process with 0 then.
#include <cstdlib>
#include <memory_resource>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/failure.hpp"
#include "bufferpool/pool_resource.hpp"
#include "support/blocks.hpp"
#include "support/resource_stats.hpp"

namespace bufferpool::test {
namespace {

PoolResource* misused = nullptr;
std::vector<Block> held;
std::uint64_t in_use_before = 0;

void exit_0_if_the_others_are_in_order(const char* message) {
  bool in_order = message != nullptr && sum_of(misused->stats()).in_use == in_use_before;
  for (int i = 0; i < 2000; ++i) {
    for (const std::size_t bytes : {24u, 80u, 1000u}) {
      held.push_back(allocate_block(*misused, bytes, 8, held.size()));
    }
  }
  in_order &= are_apart(held);
  for (const Block& block : held) in_order &= block.is_whole();
  for (const Block& block : held) free_block(*misused, block);
  std::_Exit(in_order && is_quiet(misused->stats()) ? 0 : 1);
}

class PoolResourceHarmlessDeathTest : public ::testing::Test {
 protected:
  PoolResourceHarmlessDeathTest() {
    for (const std::size_t bytes : {24u, 80u, 1000u, 65'536u, 1'000'000u}) {
      freed_.push_back(allocate_block(memory_, bytes, 8, 0));
      for (int i = 0; i < 3; ++i) held.push_back(allocate_block(memory_, bytes, 8, held.size()));
    }
    for (const Block& block : freed_) free_block(memory_, block);
    misused = &memory_;
    in_use_before = sum_of(memory_.stats()).in_use;
  }
  ~PoolResourceHarmlessDeathTest() override {
    for (const Block& block : held) free_block(memory_, block);
    held.clear();
  }
  template <class Misuse>
  void expect_no_harm(const Misuse& misuse) {
    const auto watched = [&] {
      set_failure_handler(&exit_0_if_the_others_are_in_order);
      misuse();
    };
    EXPECT_EXIT(watched(), ::testing::ExitedWithCode(0), "");
  }

  SlotPool pool_{{.slots = 256}};
  PoolResource memory_{pool_};
  std::vector<Block> freed_;
};

TEST_F(PoolResourceHarmlessDeathTest, a_second_release) {
  for (const Block& block : freed_) {
    expect_no_harm([&] { memory_.deallocate(block.data, block.bytes, block.alignment); });
  }
}

TEST_F(PoolResourceHarmlessDeathTest, a_pointer_into_a_block) {
  for (const Block& block : held) {
    for (const std::size_t inside : {std::size_t{1}, std::size_t{8}, block.bytes / 2}) {
      expect_no_harm([&] { memory_.deallocate(block.data + inside, block.bytes, 8); });
    }
  }
}

TEST_F(PoolResourceHarmlessDeathTest, a_size_of_another_class) {
  for (const Block& block : held) {
    for (const std::size_t wrong : {block.bytes / 2, block.bytes * 2, std::size_t{1}}) {
      expect_no_harm([&] { memory_.deallocate(block.data, wrong, 8); });
    }
  }
}

TEST_F(PoolResourceHarmlessDeathTest, a_foreign_pointer) {
  void* volatile nothing = nullptr;  // or the compiler would know
  alignas(64) std::byte local[128] = {};
  expect_no_harm([&] { memory_.deallocate(local + 64, 16); });
  expect_no_harm([&] { memory_.heap().deallocate(nothing, {16, 16}); });
  PoolResource other(pool_);
  void* const others = other.allocate(80);
  expect_no_harm([&] { memory_.deallocate(others, 80); });
  void* const slot = pool_.allocate();
  expect_no_harm([&] { memory_.deallocate(slot, 80); });
  expect_no_harm([&] { memory_.deallocate(slot, pool_.slot_bytes()); });
  pool_.deallocate(slot);
}

}  // namespace
}  // namespace bufferpool::test
