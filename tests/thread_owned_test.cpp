#include "bufferpool/thread_owned.hpp"

#include <thread>

#include <gtest/gtest.h>

namespace bufferpool::detail {
namespace {

struct Cache {
  OwnerWord owner;
  int left = 0;
};

class ThreadOwnedTest : public ::testing::Test {
 protected:
  Cache things_[kThreadIndices];
  ThreadOwned<Cache> caches_{things_, kThreadIndices};
};

TEST_F(ThreadOwnedTest, nobody_owns_one_before_it_is_claimed) {
  EXPECT_EQ(caches_.mine(), nullptr);
  EXPECT_EQ(caches_.in_use(), 0u);
  EXPECT_TRUE(caches_.ever_used().empty());
}

TEST_F(ThreadOwnedTest, a_claimed_one_stays_the_threads) {
  Cache* const own = caches_.claim();
  ASSERT_NE(own, nullptr);
  EXPECT_EQ(caches_.mine(), own);
  EXPECT_EQ(caches_.claim(), own);
  EXPECT_EQ(caches_.in_use(), 1u);
}

TEST_F(ThreadOwnedTest, two_running_threads_own_different_ones) {
  Cache* const own = caches_.claim();
  Cache* others = nullptr;
  std::thread([&] { others = caches_.claim(); }).join();
  EXPECT_NE(others, nullptr);
  EXPECT_NE(others, own);
}

TEST_F(ThreadOwnedTest, a_thread_whose_index_is_beyond_the_array_gets_none) {
  ThreadOwned<Cache> none(things_, 0);
  EXPECT_FALSE(none.has_any());
  EXPECT_EQ(none.claim(), nullptr);
}

TEST_F(ThreadOwnedTest, what_an_ended_thread_left_is_collected_once) {
  static_cast<void>(caches_.claim());
  std::thread([&] { caches_.claim()->left = 7; }).join();
  int found = 0;
  caches_.collect_ended([&](Cache& idle) { found += idle.left; });
  EXPECT_EQ(found, 7);
  EXPECT_EQ(caches_.in_use(), 1u);
  caches_.collect_ended([&](Cache&) { FAIL() << "it was collected before"; });
}

TEST_F(ThreadOwnedTest, a_running_threads_is_not_collected) {
  static_cast<void>(caches_.claim());
  caches_.collect_ended([&](Cache&) { FAIL() << "its owner runs"; });
  EXPECT_EQ(caches_.in_use(), 1u);
}

TEST_F(ThreadOwnedTest, the_next_thread_with_the_index_gets_what_an_ended_one_left) {
  static_cast<void>(caches_.claim());
  std::thread([&] { caches_.claim()->left = 7; }).join();
  int found = 0;
  std::thread([&] { found = caches_.claim()->left; }).join();
  EXPECT_EQ(found, 7);
  EXPECT_EQ(caches_.in_use(), 2u);
}

}  // namespace
}  // namespace bufferpool::detail
