#include "bufferpool/upstream_list.hpp"

#include <cstdint>
#include <new>
#include <vector>

#include <gtest/gtest.h>

#include "support/threads.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::detail {
namespace {

constexpr BlockShape kShape{100, 32};

class UpstreamListTest : public ::testing::Test {
 protected:
  test::WatchedResource upstream_;
  UpstreamList list_{upstream_, 1};
};

TEST_F(UpstreamListTest, counts_what_is_held) {
  EXPECT_EQ(list_.size(), 0u);
  void* const first = list_.allocate(kShape);
  void* const second = list_.allocate(kShape);
  EXPECT_EQ(list_.size(), 2u);
  EXPECT_TRUE(list_.deallocate(first, kShape));
  EXPECT_EQ(list_.size(), 1u);
  EXPECT_TRUE(list_.deallocate(second, kShape));
  EXPECT_EQ(list_.size(), 0u);
}

TEST_F(UpstreamListTest, takes_blocks_back_in_any_order) {
  for (const std::vector<int>& order :
       {std::vector{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}) {
    void* blocks[3] = {};
    for (void*& block : blocks) block = list_.allocate(kShape);
    for (const int number : order) ASSERT_TRUE(list_.deallocate(blocks[number], kShape));
    ASSERT_EQ(upstream_.live_blocks(), 0u);
  }
}

TEST_F(UpstreamListTest, gives_all_back_on_release) {
  for (const std::size_t bytes : {0u, 1u, 100u, 5000u}) {
    for (std::size_t alignment = 1; alignment <= 8192; alignment *= 8) {
      static_cast<void>(list_.allocate({bytes, alignment}));
    }
  }
  list_.release_all();
  EXPECT_EQ(list_.size(), 0u);
  EXPECT_EQ(upstream_.live_blocks(), 0u);
}

TEST_F(UpstreamListTest, is_usable_after_a_release) {
  void* const before = list_.allocate(kShape);
  list_.release_all();
  void* const after = list_.allocate(kShape);
  EXPECT_EQ(list_.size(), 1u);
  if (after != before) {
    EXPECT_FALSE(list_.deallocate(before, kShape));
  }
  EXPECT_TRUE(list_.deallocate(after, kShape));
}

TEST_F(UpstreamListTest, gives_the_rest_back_wherever_one_was_given_back_before) {
  for (const int given : {0, 1, 2}) {
    void* blocks[3] = {};
    for (void*& block : blocks) block = list_.allocate(kShape);
    ASSERT_TRUE(list_.deallocate(blocks[given], kShape));
    list_.release_all();
    EXPECT_EQ(upstream_.live_blocks(), 0u) << given;
  }
}

TEST_F(UpstreamListTest, gives_all_back_at_its_end) {
  {
    UpstreamList list(upstream_, 2);
    static_cast<void>(list.allocate(kShape));
    static_cast<void>(list.allocate({1, 1}));
  }
  EXPECT_EQ(upstream_.live_blocks(), 0u);
}

TEST_F(UpstreamListTest, what_is_not_its_own_changes_nothing) {
  UpstreamList other(upstream_, 2);
  void* const others = other.allocate(kShape);
  alignas(64) std::byte local[256] = {};
  EXPECT_FALSE(list_.deallocate(others, kShape)) << "while it is empty";
  void* const own = list_.allocate(kShape);
  EXPECT_FALSE(list_.deallocate(others, kShape));
  EXPECT_FALSE(list_.deallocate(local + 64, kShape));
  EXPECT_FALSE(list_.deallocate(own, {101, 32}));
  EXPECT_FALSE(list_.deallocate(nullptr, kShape));
  EXPECT_EQ(list_.size(), 1u);
  EXPECT_TRUE(list_.deallocate(own, kShape));
  EXPECT_FALSE(list_.deallocate(own, kShape)) << "a second time";
}

TEST_F(UpstreamListTest, a_refusal_changes_nothing) {
  for (std::uint64_t call = 1; call <= 3; ++call) {
    upstream_.fail_at(call);
    for (std::uint64_t i = 1; i < call; ++i) static_cast<void>(list_.allocate(kShape));
    EXPECT_THROW(static_cast<void>(list_.allocate(kShape)), std::bad_alloc);
    EXPECT_EQ(list_.size(), call - 1);
    EXPECT_EQ(upstream_.live_blocks(), call - 1);
    list_.release_all();
  }
}

TEST_F(UpstreamListTest, threads_take_and_give_back_what_others_took) {
  constexpr int kThreads = 4;
  constexpr std::size_t kRounds = 500;
  std::vector<void*> blocks(kThreads * kRounds);
  test::on_threads(kThreads, [&](int thread) {
    for (std::size_t i = 0; i < kRounds; ++i) {
      blocks[static_cast<std::size_t>(thread) * kRounds + i] = list_.allocate(kShape);
    }
  });
  EXPECT_EQ(list_.size(), blocks.size());
  test::on_threads(kThreads, [&](int thread) {
    for (std::size_t i = static_cast<std::size_t>(thread); i < blocks.size(); i += kThreads) {
      EXPECT_TRUE(list_.deallocate(blocks[i], kShape));
    }
  });
  EXPECT_EQ(list_.size(), 0u);
  EXPECT_EQ(upstream_.live_blocks(), 0u);
}

}  // namespace
}  // namespace bufferpool::detail
