// What a tool that watches memory says about bytes that nobody may touch.
#include "bufferpool/annotate.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/slot_pool.hpp"
#include "support/sanitizers.hpp"

namespace bufferpool {
namespace {

using test::kAddressSanitizer;

constexpr const char* kPoisoned = "use-after-poison";

/// The compiler must not see that it may leave the access out.
void touch(void* pointer) { *static_cast<volatile unsigned char*>(pointer) = 1; }

class AnnotateDeathTest : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  void SetUp() override {
    if (!kAddressSanitizer) GTEST_SKIP() << "needs a build with AddressSanitizer";
  }
  /// Below 64 slots without a magazine, from there on with.
  [[nodiscard]] static SlotPool pool() {
    return SlotPool({.slot_bytes = 256, .slots = GetParam()});
  }
};

INSTANTIATE_TEST_SUITE_P(Slots, AnnotateDeathTest, ::testing::Values(8, 1024),
                         ::testing::PrintToStringParamName());

TEST_P(AnnotateDeathTest, touching_a_slot_that_was_given_back_is_reported) {
  SlotPool slots = pool();
  void* const slot = slots.allocate();
  touch(slot);
  slots.deallocate(slot);
  EXPECT_DEATH(touch(slot), kPoisoned);
  EXPECT_DEATH(touch(static_cast<std::byte*>(slot) + 255), kPoisoned);
}

TEST_P(AnnotateDeathTest, touching_any_slot_of_a_run_that_was_given_back_is_reported) {
  SlotPool slots = pool();
  void* const run = slots.allocate_run(3);
  slots.deallocate_run(run, 3);
  for (const std::size_t slot : {0u, 1u, 2u}) {
    EXPECT_DEATH(touch(static_cast<std::byte*>(run) + slot * 256), kPoisoned) << slot;
  }
}

TEST_P(AnnotateDeathTest, slots_of_any_length_are_out_of_bounds_when_they_are_given_back) {
  // 8 bytes have one mark: those that two slots share keep it.
  SlotPool slots({.slot_bytes = 100, .slots = GetParam()});
  std::vector<std::byte*> taken;
  for (int i = 0; i < 4; ++i) taken.push_back(static_cast<std::byte*>(slots.allocate()));
  std::ranges::sort(taken);
  slots.deallocate(taken[1]);
  slots.deallocate(taken[2]);
  for (const std::size_t at : {std::size_t{8}, std::size_t{50}, std::size_t{91}}) {
    EXPECT_DEATH(touch(taken[1] + at), kPoisoned) << at;
    EXPECT_DEATH(touch(taken[2] + at), kPoisoned) << at;
  }
  for (const std::size_t at : {0u, 50u, 99u}) {
    touch(taken[0] + at);
    touch(taken[3] + at);
  }
  EXPECT_EQ(taken[3][99], std::byte{1});
  slots.deallocate(taken[0]);
  slots.deallocate(taken[3]);
  void* const again = slots.allocate_run(3);
  for (std::size_t at = 0; at < 300; ++at) touch(static_cast<std::byte*>(again) + at);
  slots.deallocate_run(again, 3);
}

TEST_P(AnnotateDeathTest, touching_a_dropped_slice_is_reported_while_its_neighbour_lives) {
  BufferPool buffers(pool());
  static_cast<void>(buffers.fill(16));
  std::optional<Slice> dropped(buffers.freeze());
  static_cast<void>(buffers.fill(16));
  Slice neighbour = buffers.freeze();
  std::byte* const bytes = dropped->data();
  dropped.reset();
  EXPECT_DEATH(touch(bytes), kPoisoned);
  touch(neighbour.data());
  EXPECT_EQ(neighbour[0], std::byte{1});
}

TEST_P(AnnotateDeathTest, a_slot_that_is_taken_again_may_be_touched) {
  SlotPool slots = pool();
  slots.deallocate(slots.allocate());
  auto* const slot = static_cast<std::byte*>(slots.allocate());
  for (std::size_t i = 0; i < 256; ++i) touch(slot + i);
  EXPECT_EQ(slot[255], std::byte{1});
  slots.deallocate(slot);
}

TEST_P(AnnotateDeathTest, slots_by_which_a_run_grew_may_be_touched) {
  SlotPool slots = pool();
  slots.deallocate_run(slots.allocate_run(4), 4);
  auto* const run = static_cast<std::byte*>(slots.allocate_run(2));
  ASSERT_TRUE(slots.try_extend(run, 2, 4));
  touch(run + 4 * 256 - 1);
  EXPECT_EQ(run[4 * 256 - 1], std::byte{1});
  slots.deallocate_run(run, 4);
}

TEST_P(AnnotateDeathTest, storage_of_the_caller_may_be_touched_when_the_pool_has_gone) {
  std::vector<std::byte> storage(GetParam() * 300 + 4096);
  {
    SlotPool slots({.slot_bytes = 256}, storage);
    slots.deallocate_run(slots.allocate_run(slots.slots()), slots.slots());
  }
  for (std::byte& byte : storage) touch(&byte);
  EXPECT_EQ(storage.back(), std::byte{1});
}

TEST(Annotate, bytes_are_out_of_bounds_until_they_are_unpoisoned) {
  if (!kAddressSanitizer) GTEST_SKIP() << "needs a build with AddressSanitizer";
  alignas(64) std::array<std::byte, 64> bytes{};
  annotate::poison(bytes.data() + 8, 40);
  touch(bytes.data() + 7);
  touch(bytes.data() + 48);
  EXPECT_DEATH(touch(bytes.data() + 8), kPoisoned);
  EXPECT_DEATH(touch(bytes.data() + 47), kPoisoned);
  annotate::unpoison(bytes.data() + 8, 40);
  touch(bytes.data() + 8);
  EXPECT_EQ(bytes[8], std::byte{1});
}

TEST(Annotate, says_whether_a_tool_watches) {
  if (kAddressSanitizer) {
    EXPECT_TRUE(annotate::kEnabled);
  }
  std::array<std::byte, 8> bytes{};
  annotate::poison(bytes.data(), bytes.size());
  annotate::unpoison(bytes.data(), bytes.size());
  bytes[0] = std::byte{1};
  EXPECT_EQ(bytes[0], std::byte{1});
}

}  // namespace
}  // namespace bufferpool
