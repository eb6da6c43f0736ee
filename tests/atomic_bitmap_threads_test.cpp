// Threads that take and give slots of one bitmap: no slot has two holders, and each sees what the last
// one wrote.
#include <cstddef>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/atomic_bitmap.hpp"
#include "support/bitmap.hpp"
#include "support/threads.hpp"
#include "support/two_threads.hpp"

namespace bufferpool::detail {
namespace {

using test::Bitmap;
using test::expect_handed_on;
using test::expect_one_winner;
using test::on_threads;

using bits::kAllSet;
using bits::Word;

TEST(AtomicBitmapThreads, of_two_releases_at_once_exactly_one_wins) {
  constexpr std::uint64_t kSlots = 100'000;
  for (int round = 0; round < 2; ++round) {
    Bitmap bitmap(kSlots);
    ASSERT_TRUE(bitmap->claim_range(0, kSlots));
    ASSERT_NO_FATAL_FAILURE(
        expect_one_winner(kSlots, [&](int, std::size_t slot) { return bitmap.give(slot); }));
  }
}

TEST(AtomicBitmapThreads, of_two_claims_of_overlapping_ranges_at_most_one_succeeds) {
  Bitmap bitmap(192);
  std::vector<int> owners(192);  // not atomic: an overlap is a data race as well
  int overlaps[2] = {};          // not atomic either: that would order the threads
  on_threads(2, [&](int thread) {
    const std::uint64_t first = thread == 0 ? 0 : 50;
    for (int round = 0; round < 20'000; ++round) {
      if (!bitmap->claim_range(first, 140)) continue;
      for (std::uint64_t slot = first; slot < first + 140; ++slot)
        overlaps[thread] += owners[slot]++ != 0;
      for (std::uint64_t slot = first; slot < first + 140; ++slot) --owners[slot];
      if (!bitmap->give_range(first, 140)) ++overlaps[thread];
    }
  });
  EXPECT_EQ(overlaps[0] + overlaps[1], 0);
  EXPECT_EQ(bitmap->count_taken(), 0u);
}

// Each way to take a slot.

TEST(AtomicBitmapThreads, take_sees_what_the_last_holder_wrote) {
  Bitmap bitmap(64);
  ASSERT_TRUE(bitmap->claim_range(0, 64));
  expect_handed_on([&] { EXPECT_TRUE(bitmap.give(5)); },
                   [&] { EXPECT_EQ(bitmap->take(64).mask, Word{1} << 5); });
}

TEST(AtomicBitmapThreads, claim_range_sees_what_the_last_holder_wrote) {
  Bitmap bitmap(128);
  ASSERT_TRUE(bitmap->claim_range(0, 128));
  expect_handed_on([&] { EXPECT_TRUE(bitmap->give_range(60, 8)); },
                   [&] { EXPECT_TRUE(bitmap->claim_range(60, 8)); });
}

TEST(AtomicBitmapThreads, take_run_sees_what_the_last_holder_wrote) {
  Bitmap bitmap(128);
  ASSERT_TRUE(bitmap->claim_range(0, 128));
  expect_handed_on([&] { EXPECT_TRUE(bitmap->give_range(60, 8)); },
                   [&] { EXPECT_EQ(bitmap->take_run(8), 60u); });
}

TEST(AtomicBitmapThreads, what_the_last_holder_wrote_is_seen_by_the_next) {
  Bitmap bitmap(65);
  std::vector<std::uint64_t> payload(65);  // not atomic: only the bitmap orders the accesses
  std::uint64_t counts[2]{};
  on_threads(2, [&](int thread) {
    for (int round = 0; round < 50'000; ++round) {
      const AtomicBitmap::Claim claim = bitmap->take(2);
      for (Word rest = claim.mask; rest != 0; rest &= rest - 1) {
        ++payload[bits::lowest_number(claim.word, rest)];
        ++counts[thread];
      }
      if (claim.mask != 0 && !bitmap->give(claim.word, claim.mask)) ADD_FAILURE();
    }
  });
  std::uint64_t sum = 0;
  for (const std::uint64_t count : payload) sum += count;
  EXPECT_EQ(sum, counts[0] + counts[1]);
}

TEST(AtomicBitmapThreads, no_word_with_a_free_slot_is_called_full_when_all_is_quiet) {
  Bitmap bitmap(4097);
  ASSERT_TRUE(bitmap->claim_range(0, 4096 - 64));
  ASSERT_TRUE(bitmap->claim_range(4096 - 64, 62));
  // Word 63 has two free slots, of which each thread takes one: it goes between full and free all the
  // time, and one thread makes it free while the other has just made it full.
  for (int round = 0; round < 100; ++round) {
    test::Lockstep lockstep;
    on_threads(2, [&](int thread) {
      for (std::size_t step = 0; step < 300; ++step) {
        lockstep.meet(thread, step);
        const AtomicBitmap::Claim claim = bitmap->take(1);
        if (claim.mask == 0 || !bitmap->give(claim.word, claim.mask)) ADD_FAILURE();
      }
    });
    for (std::uint64_t word = 0; word < bitmap.words.size(); ++word) {
      if (bitmap.words[word].load() != kAllSet) {
        ASSERT_FALSE(bitmap.says_full(word)) << word;
      }
    }
  }
}

}  // namespace
}  // namespace bufferpool::detail
