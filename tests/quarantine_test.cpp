#include "bufferpool/quarantine.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "support/threads.hpp"
#include "support/two_threads.hpp"

namespace bufferpool::detail {
namespace {

std::vector<std::uint64_t> drained(Quarantine<3>& quarantine) {
  std::vector<std::uint64_t> numbers;
  static_cast<void>(quarantine.drain([&](std::uint64_t number) { numbers.push_back(number); }));
  std::ranges::sort(numbers);
  return numbers;
}

TEST(Quarantine, nothing_leaves_before_every_place_is_filled) {
  Quarantine<3> quarantine;
  for (const std::uint64_t number : {1u, 2u, 3u}) EXPECT_EQ(quarantine.exchange(number), 0u);
}

TEST(Quarantine, what_has_waited_longest_leaves) {
  Quarantine<3> quarantine;
  for (const std::uint64_t number : {1u, 2u, 3u}) static_cast<void>(quarantine.exchange(number));
  EXPECT_EQ(quarantine.exchange(4), 1u);
  EXPECT_EQ(quarantine.exchange(5), 2u);
  EXPECT_EQ(quarantine.exchange(1), 3u);
}

TEST(Quarantine, all_leave_when_it_is_drained) {
  Quarantine<3> quarantine;
  EXPECT_FALSE(quarantine.drain([](std::uint64_t) { FAIL(); }));
  for (const std::uint64_t number : {7u, 8u}) static_cast<void>(quarantine.exchange(number));
  EXPECT_EQ(drained(quarantine), (std::vector<std::uint64_t>{7, 8}));
  EXPECT_EQ(drained(quarantine), std::vector<std::uint64_t>{});
}

TEST(Quarantine, what_came_before_waiting_is_seen_by_who_takes_it) {
  Quarantine<1> quarantine;
  std::uint64_t left = 0;
  test::expect_handed_on([&] { static_cast<void>(quarantine.exchange(1)); },
                         [&] { left = quarantine.exchange(2); });
  EXPECT_EQ(left, 1u);
}

TEST(Quarantine, of_many_threads_each_thing_leaves_to_one) {
  constexpr int threads = 4;
  constexpr std::uint64_t each = 20'000;
  Quarantine<3> quarantine;
  std::vector<std::atomic<int>> left(threads * each + 1);
  test::on_threads(threads, [&](int thread) {
    for (std::uint64_t i = 1; i <= each; ++i) {
      const std::uint64_t number = static_cast<std::uint64_t>(thread) * each + i;
      if (const std::uint64_t leaves = quarantine.exchange(number)) ++left[leaves];
      if (i % 100 == 0) quarantine.drain([&](std::uint64_t leaves) { ++left[leaves]; });
    }
  });
  quarantine.drain([&](std::uint64_t leaves) { ++left[leaves]; });
  for (std::uint64_t number = 1; number < left.size(); ++number)
    ASSERT_EQ(left[number], 1) << number;
}

}  // namespace
}  // namespace bufferpool::detail
