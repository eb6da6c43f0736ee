#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/slice.hpp"
#include "support/bytes.hpp"

namespace bufferpool::test {
namespace {

class SharedSliceTest : public testing::Test {
 protected:
  /// A slice whose chunk the buffer has left: taken_slots tells whether it is alive.
  SharedSlice make(std::string_view text = "hello world") {
    Slice slice = frozen_text(buffer_, text);
    buffer_.release_idle();
    return slice.share();
  }
  [[nodiscard]] std::uint64_t taken() const { return pool_.stats().taken_slots; }

  SlotPool pool_{{.slot_bytes = 64, .slots = 8}};
  BufferPool buffer_{pool_};
};

TEST(SharedSlice, is_read_only) {
  EXPECT_TRUE((std::is_same_v<decltype(std::declval<SharedSlice&>().data()), const std::byte*>));
  EXPECT_TRUE((std::is_convertible_v<SharedSlice&, std::span<const std::byte>>));
  EXPECT_FALSE((std::is_convertible_v<SharedSlice&, std::span<std::byte>>));
}

TEST(SharedSlice, a_default_one_is_empty_and_copies) {
  const SharedSlice slice;
  const SharedSlice copy = slice;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_TRUE(copy.empty());
  EXPECT_FALSE(copy.is_pooled());
  EXPECT_EQ(copy.begin(), copy.end());
}

TEST_F(SharedSliceTest, share_moves_no_byte_and_leaves_the_slice_empty) {
  Slice slice = frozen_text(buffer_, "hello world");
  const std::byte* const data = slice.data();
  const SharedSlice shared = slice.share();
  EXPECT_TRUE(slice.empty());
  EXPECT_FALSE(slice.is_pooled());
  EXPECT_EQ(shared.data(), data);
  EXPECT_EQ(text_of(shared), "hello world");
}

TEST_F(SharedSliceTest, shows_its_bytes_in_every_way) {
  const SharedSlice shared = make();
  EXPECT_EQ(std::string_view(shared), "hello world");
  EXPECT_EQ(shared.size(), 11U);
  EXPECT_EQ(shared[4], std::byte{'o'});
  EXPECT_EQ(shared.end() - shared.begin(), 11);
  EXPECT_TRUE(shared.is_pooled());
}

TEST_F(SharedSliceTest, the_last_copy_gives_the_memory_back_once) {
  SharedSlice first = make();
  SharedSlice second = first;
  SharedSlice third = second;
  first = {};
  EXPECT_EQ(taken(), 1U);
  third = {};
  EXPECT_EQ(taken(), 1U);
  EXPECT_EQ(text_of(second), "hello world");
  second = {};
  EXPECT_EQ(taken(), 0U);
}

TEST_F(SharedSliceTest, a_moved_from_one_is_empty_and_holds_nothing) {
  SharedSlice first = make();
  SharedSlice second = std::move(first);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): what the test is about
  second = {};
  EXPECT_EQ(taken(), 0U);
}

TEST_F(SharedSliceTest, assignment_drops_what_was_held) {
  SharedSlice first = make("first");
  SharedSlice second = make("second");
  EXPECT_EQ(taken(), 2U);
  first = second;
  EXPECT_EQ(taken(), 1U);
  EXPECT_EQ(text_of(first), "second");
}

TEST_F(SharedSliceTest, assignment_to_itself_changes_nothing) {
  SharedSlice shared = make();
  const SharedSlice& same = shared;
  shared = same;
  EXPECT_EQ(taken(), 1U);
  EXPECT_EQ(text_of(shared), "hello world");
  shared = {};
  EXPECT_EQ(taken(), 0U);
}

TEST_F(SharedSliceTest, shares_made_while_the_chunk_is_being_filled_are_counted) {
  std::vector<SharedSlice> copies;
  {
    Slice slice = frozen_text(buffer_, "kept");
    copies.assign(3, slice.share());
  }
  static_cast<void>(frozen_text(buffer_, "dropped"));
  buffer_.release_idle();
  for (std::size_t left = copies.size(); left != 0; --left) {
    EXPECT_EQ(taken(), 1U);
    EXPECT_EQ(text_of(copies.back()), "kept");
    copies.pop_back();
  }
  EXPECT_EQ(taken(), 0U);
}

TEST_F(SharedSliceTest, a_live_copy_keeps_the_buffer_from_writing_over_it) {
  const SharedSlice kept = [&] {
    Slice slice = frozen_text(buffer_, "kept");
    return SharedSlice(slice.share());
  }();
  for (int round = 0; round < 100; ++round) {
    static_cast<void>(frozen_text(buffer_, "overwritten by nobody, it is hoped"));
  }
  EXPECT_EQ(text_of(kept), "kept");
}

TEST_F(SharedSliceTest, shares_of_both_parts_of_a_split_are_independent) {
  Slice slice = frozen_text(buffer_, "leftright");
  buffer_.release_idle();
  SharedSlice left = slice.split(4).share();
  const SharedSlice right = slice.share();
  left = {};
  EXPECT_EQ(text_of(right), "right");
  EXPECT_EQ(taken(), 1U);
}

TEST_F(SharedSliceTest, copies_on_other_threads_read_and_drop_it) {
  {
    const SharedSlice shared = make();
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([mine = shared]() mutable {
        for (int round = 0; round < 1000; ++round) {
          const SharedSlice copy = mine;
          EXPECT_EQ(text_of(copy), "hello world");
        }
        mine = {};
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(taken(), 1U);
  }
  EXPECT_EQ(taken(), 0U);
}

TEST_F(SharedSliceTest, outlives_its_buffer_and_its_pool) {
  SharedSlice shared;
  {
    BufferPool gone(1000);
    shared = frozen_text(gone, "still here").share();
  }
  EXPECT_EQ(text_of(shared), "still here");
}

TEST_F(SharedSliceTest, upstream_memory_is_shared_the_same_way) {
  BufferPool none(0);
  SharedSlice first = frozen_text(none, "heap").share();
  const SharedSlice second = first;
  first = {};
  EXPECT_EQ(text_of(second), "heap");
  EXPECT_FALSE(second.is_pooled());
}

using SharedSliceDeathTest = SharedSliceTest;

TEST_F(SharedSliceDeathTest, an_index_beyond_the_end_is_reported) {
  const SharedSlice shared = make();
  EXPECT_DEATH(static_cast<void>(shared[11]),
               "SharedSlice::operator\\[\\]\\(11\\): the slice has 11 bytes");
}

}  // namespace
}  // namespace bufferpool::test
