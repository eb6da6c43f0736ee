// The occupancy map.
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/slot_pool.hpp"
#include "support/slots.hpp"

namespace bufferpool::test {
namespace {

std::string map_of(const SlotPool& pool) {
  std::ostringstream out;
  out << pool;
  return out.str();
}

TEST(SlotPoolPrint, a_free_pool_is_dashes) {
  EXPECT_EQ(map_of(SlotPool({.slots = 8})), "--------");
}

TEST(SlotPoolPrint, taken_slots_are_numbered_by_position) {
  SlotPool pool({.slots = 8});
  const std::vector<void*> all = take_all(pool);
  EXPECT_EQ(map_of(pool), "12345678");
  pool.deallocate(all[0]);
  pool.deallocate(all[1]);
  EXPECT_EQ(map_of(pool), "--345678");
  pool.deallocate(all[4]);
  EXPECT_EQ(map_of(pool), "--34-678");
}

TEST(SlotPoolPrint, after_nine_come_letters_and_then_it_begins_again) {
  SlotPool pool({.slot_bytes = 8, .slots = 40});
  const std::vector<void*> all = take_all(pool);
  EXPECT_EQ(map_of(pool), "123456789abcdefghijklmnopqrstuvwxyz12345");
}

TEST(SlotPoolPrint, a_run_is_shown_with_all_its_slots) {
  SlotPool pool({.slots = 8});
  static_cast<void>(pool.allocate());
  void* const run = pool.allocate_run(3);
  EXPECT_EQ(map_of(pool), "1234----");
  ASSERT_TRUE(pool.try_extend(run, 3, 5));
  EXPECT_EQ(map_of(pool), "123456--");
  pool.deallocate_run(run, 5);
  EXPECT_EQ(map_of(pool), "1-------");
}

TEST(SlotPoolPrint, what_a_buffer_holds_is_shown) {
  SlotPool pool({.slot_bytes = 64, .slots = 8});
  static_cast<void>(pool.allocate());
  BufferPool buffers(pool);
  static_cast<void>(buffers.fill(150));
  const Slice slice = buffers.freeze();
  EXPECT_EQ(map_of(pool), "1234----");
}

TEST(SlotPoolPrint, free_slots_in_a_magazine_are_dots) {
  SlotPool pool({.slot_bytes = 8, .slots = 64});
  void* const slot = pool.allocate();
  const std::string map = map_of(pool);
  const std::uint64_t cached = pool.stats().cached_slots;
  ASSERT_GT(cached, 0u);
  EXPECT_EQ(map, std::string("1").append(cached, '.').append(63 - cached, '-'));
  pool.deallocate(slot);
}

TEST(SlotPoolPrint, a_line_has_64_slots) {
  EXPECT_EQ(map_of(SlotPool({.slot_bytes = 8, .slots = 64})), std::string(64, '-'));
  EXPECT_EQ(map_of(SlotPool({.slot_bytes = 8, .slots = 65})), std::string(64, '-').append("\n-"));
}

TEST(SlotPoolPrint, shows_4096_slots_and_counts_the_rest) {
  const std::string line(64, '-');
  std::string expected = line;
  for (int i = 1; i < 64; ++i) expected.append("\n").append(line);
  EXPECT_EQ(map_of(SlotPool({.slot_bytes = 8, .slots = 4096})), expected);
  EXPECT_EQ(map_of(SlotPool({.slot_bytes = 8, .slots = 4099})),
            expected + "\n... and 3 slots more");
}

TEST(SlotPoolPrint, no_slots_are_nothing) { EXPECT_EQ(map_of(SlotPool({.slots = 0})), ""); }

}  // namespace
}  // namespace bufferpool::test
