#include "bufferpool/atomic_bitmap.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "support/threads.hpp"

namespace bufferpool::detail {
namespace {

using test::on_threads;
using test::one_then_the_other;

using bits::kAllSet;
using bits::kWordBits;
using bits::Word;

constexpr std::uint64_t kCapacities[] = {1, 63, 64, 65, 127, 128, 4095, 4096, 4097, 8191, 10000};

/// A bitmap with its own memory.
struct Bitmap {
  explicit Bitmap(std::uint64_t slots)
      : words(AtomicBitmap::words_for(slots)),
        summary(AtomicBitmap::summary_words_for(slots)),
        bitmap(words, summary, slots) {}

  AtomicBitmap* operator->() { return &bitmap; }

  [[nodiscard]] bool give(std::uint64_t slot) {
    return bitmap.give(slot / kWordBits, Word{1} << (slot % kWordBits));
  }
  [[nodiscard]] bool says_full(std::uint64_t word) const {
    return (summary[word / kWordBits].load() >> (word % kWordBits) & 1) != 0;
  }

  std::vector<Atomic<Word>> words;
  std::vector<Atomic<Word>> summary;
  AtomicBitmap bitmap;
};

TEST(AtomicBitmap, sizes_its_words_by_the_number_of_slots) {
  struct Row {
    std::uint64_t slots;
    std::uint64_t words;
    std::uint64_t summary_words;
  };
  constexpr Row kRows[] = {
      {0, 0, 0},     {1, 1, 0},     {64, 1, 0},         {65, 2, 0},
      {4096, 64, 0}, {4097, 65, 2}, {64 * 128, 128, 2}, {std::uint64_t{1} << 32, 1 << 26, 1 << 20}};
  for (const Row& row : kRows) {
    EXPECT_EQ(AtomicBitmap::words_for(row.slots), row.words) << row.slots;
    EXPECT_EQ(AtomicBitmap::summary_words_for(row.slots), row.summary_words) << row.slots;
  }
}

TEST(AtomicBitmap, every_slot_is_free_at_first) {
  for (const std::uint64_t slots : kCapacities) {
    Bitmap bitmap(slots);
    EXPECT_EQ(bitmap->count_taken(), 0u) << slots;
    EXPECT_FALSE(bitmap->is_taken(0)) << slots;
    EXPECT_FALSE(bitmap->is_taken(slots - 1)) << slots;
  }
}

TEST(AtomicBitmap, gives_each_slot_out_once_and_none_beyond_the_last) {
  for (const std::uint64_t slots : kCapacities) {
    Bitmap bitmap(slots);
    for (std::uint64_t expected = 0; expected < slots; ++expected) {
      const AtomicBitmap::Claim claim = bitmap->take(1);
      ASSERT_EQ(claim.word * kWordBits + static_cast<unsigned>(std::countr_zero(claim.mask)),
                expected);
    }
    EXPECT_EQ(bitmap->take(1).mask, 0u) << slots;
    EXPECT_EQ(bitmap->count_taken(), slots);
  }
}

TEST(AtomicBitmap, no_slots_is_full) {
  Bitmap bitmap(0);
  EXPECT_EQ(bitmap->take(64).mask, 0u);
  EXPECT_FALSE(bitmap->take_run(1));
  EXPECT_EQ(bitmap->count_taken(), 0u);
}

TEST(AtomicBitmap, takes_the_lowest_free_slots_of_one_word) {
  Bitmap bitmap(128);
  ASSERT_TRUE(bitmap->claim_range(1, 2));
  const AtomicBitmap::Claim claim = bitmap->take(3);
  EXPECT_EQ(claim.word, 0u);
  EXPECT_EQ(claim.mask, 0b11001u);
}

TEST(AtomicBitmap, takes_what_a_word_has_where_that_is_less) {
  Bitmap bitmap(70);
  ASSERT_TRUE(bitmap->claim_range(0, 68));
  const AtomicBitmap::Claim claim = bitmap->take(64);
  EXPECT_EQ(claim.word, 1u);
  EXPECT_EQ(claim.mask, 0b110000u);
}

TEST(AtomicBitmap, a_slot_that_was_given_back_is_taken_again) {
  Bitmap bitmap(65);
  ASSERT_TRUE(bitmap->claim_range(0, 65));
  ASSERT_TRUE(bitmap.give(64));
  EXPECT_FALSE(bitmap->is_taken(64));
  const AtomicBitmap::Claim claim = bitmap->take(64);
  EXPECT_EQ(claim.word, 1u);
  EXPECT_EQ(claim.mask, 1u);
}

TEST(AtomicBitmap, a_double_release_is_reported_and_changes_nothing) {
  Bitmap bitmap(64);
  ASSERT_TRUE(bitmap->claim_range(0, 3));
  ASSERT_TRUE(bitmap.give(1));
  EXPECT_FALSE(bitmap.give(1));
  EXPECT_TRUE(bitmap->is_taken(0));
  EXPECT_FALSE(bitmap->is_taken(1));
  EXPECT_TRUE(bitmap->is_taken(2));
}

TEST(AtomicBitmap, a_release_of_several_slots_reports_the_one_that_was_free) {
  Bitmap bitmap(64);
  ASSERT_TRUE(bitmap->claim_range(0, 2));
  EXPECT_FALSE(bitmap->give(0, 0b111));
  EXPECT_EQ(bitmap->count_taken(), 0u);
}

TEST(AtomicBitmap, give_range_reports_a_free_slot_in_any_word) {
  for (const std::uint64_t free_slot : {10u, 64u, 199u}) {
    Bitmap bitmap(256);
    ASSERT_TRUE(bitmap->claim_range(10, 190));
    ASSERT_TRUE(bitmap.give(free_slot));
    EXPECT_FALSE(bitmap->give_range(10, 190)) << free_slot;
    EXPECT_EQ(bitmap->count_taken(), 0u);
  }
}

TEST(AtomicBitmap, claim_range_takes_exactly_the_range) {
  for (const std::uint64_t slots : kCapacities) {
    for (const std::uint64_t first : {std::uint64_t{0}, slots / 3, slots - 1}) {
      Bitmap bitmap(slots);
      const std::uint64_t count = (slots - first + 1) / 2;
      ASSERT_TRUE(bitmap->claim_range(first, count));
      EXPECT_EQ(bitmap->count_taken(), count);
      EXPECT_TRUE(bitmap->is_taken(first));
      EXPECT_TRUE(bitmap->is_taken(first + count - 1));
    }
  }
}

TEST(AtomicBitmap, a_refused_claim_leaves_nothing_taken) {
  for (const std::uint64_t obstacle : {70u, 127u, 128u, 300u, 329u}) {
    Bitmap bitmap(400);
    ASSERT_TRUE(bitmap->claim_range(obstacle, 1));
    EXPECT_FALSE(bitmap->claim_range(70, 260));
    EXPECT_EQ(bitmap->count_taken(), 1u) << obstacle;
    EXPECT_TRUE(bitmap->is_taken(obstacle));
  }
}

TEST(AtomicBitmap, claim_range_does_not_go_beyond_the_last_slot) {
  Bitmap bitmap(70);
  EXPECT_FALSE(bitmap->claim_range(60, 11));
  EXPECT_TRUE(bitmap->claim_range(60, 10));
}

TEST(AtomicBitmap, a_run_may_cross_words) {
  Bitmap bitmap(192);
  ASSERT_TRUE(bitmap->claim_range(0, 60));
  ASSERT_TRUE(bitmap->claim_range(130, 62));
  EXPECT_FALSE(bitmap->take_run(71));
  EXPECT_EQ(bitmap->take_run(70), 60u);
}

TEST(AtomicBitmap, a_run_takes_the_whole_bitmap_if_it_is_free) {
  for (const std::uint64_t slots : kCapacities) {
    Bitmap bitmap(slots);
    EXPECT_FALSE(bitmap->take_run(slots + 1)) << slots;
    EXPECT_EQ(bitmap->take_run(slots), 0u) << slots;
    EXPECT_EQ(bitmap->count_taken(), slots);
  }
}

TEST(AtomicBitmap, a_run_of_no_slots_or_of_too_many_is_not_found) {
  Bitmap bitmap(100);
  EXPECT_FALSE(bitmap->take_run(0));
  EXPECT_FALSE(bitmap->take_run(UINT64_MAX));
  EXPECT_EQ(bitmap->count_taken(), 0u);
}

/// What the bitmap should do, one slot after the other.
class Model {
 public:
  explicit Model(std::uint64_t slots) : taken_(slots, false) {}

  [[nodiscard]] bool is_free(std::uint64_t first, std::uint64_t count) const {
    if (first + count > taken_.size()) return false;
    for (std::uint64_t slot = first; slot < first + count; ++slot) {
      if (taken_[slot]) return false;
    }
    return true;
  }
  [[nodiscard]] bool has_run(std::uint64_t count) const {
    std::uint64_t run = 0;
    for (const bool taken : taken_) {
      run = taken ? 0 : run + 1;
      if (run == count) return true;
    }
    return false;
  }
  void set(std::uint64_t first, std::uint64_t count, bool taken) {
    for (std::uint64_t slot = first; slot < first + count; ++slot) taken_[slot] = taken;
  }
  [[nodiscard]] std::uint64_t count() const {
    return static_cast<std::uint64_t>(std::count(taken_.begin(), taken_.end(), true));
  }

 private:
  std::vector<bool> taken_;
};

void compare_with_model(std::uint64_t slots, std::mt19937_64& random) {
  SCOPED_TRACE(::testing::Message() << slots << " slots");
  Bitmap bitmap(slots);
  Model model(slots);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> held;
  const auto hold = [&](std::uint64_t first, std::uint64_t count) {
    ASSERT_TRUE(model.is_free(first, count));
    model.set(first, count, true);
    held.emplace_back(first, count);
  };
  for (int step = 0; step < 1000; ++step) {
    const std::uint64_t count = 1 + random() % (random() % 8 == 0 ? slots : std::min(slots, 70ul));
    switch (random() % 4) {
      case 0: {
        const std::optional<std::uint64_t> first = bitmap->take_run(count);
        ASSERT_EQ(first.has_value(), model.has_run(count));
        if (first) hold(*first, count);
        break;
      }
      case 1: {
        const std::uint64_t first = random() % slots;
        const bool fits = first + count <= slots;
        const bool possible = fits && model.is_free(first, count);
        if (fits) {
          ASSERT_EQ(bitmap->claim_range(first, count), possible);
        }
        if (possible) hold(first, count);
        break;
      }
      case 2: {
        const AtomicBitmap::Claim claim = bitmap->take(1);
        ASSERT_EQ(claim.mask != 0, model.count() < slots);
        if (claim.mask != 0) {
          hold(claim.word * kWordBits + static_cast<unsigned>(std::countr_zero(claim.mask)), 1);
        }
        break;
      }
      default:
        if (held.empty()) break;
        std::swap(held[random() % held.size()], held.back());
        ASSERT_TRUE(bitmap->give_range(held.back().first, held.back().second));
        model.set(held.back().first, held.back().second, false);
        held.pop_back();
    }
    if (::testing::Test::HasFatalFailure()) return;
    ASSERT_EQ(bitmap->count_taken(), model.count());
  }
}

TEST(AtomicBitmap, agrees_with_a_model) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (const std::uint64_t slots : {1u, 3u, 63u, 64u, 65u, 200u, 1000u, 5000u}) {
    for (int repeat = 0; repeat < 4; ++repeat) {
      compare_with_model(slots, random);
      if (::testing::Test::HasFatalFailure()) return;
    }
  }
}

TEST(AtomicBitmap, the_summary_follows_full_and_free) {
  Bitmap bitmap(5000);
  ASSERT_TRUE(bitmap->claim_range(128, 64));
  EXPECT_TRUE(bitmap.says_full(2));
  EXPECT_FALSE(bitmap.says_full(1));
  ASSERT_TRUE(bitmap.give(130));
  EXPECT_FALSE(bitmap.says_full(2));
}

TEST(AtomicBitmap, the_only_free_slot_is_found_wherever_it_is) {
  Bitmap bitmap(5000);
  ASSERT_TRUE(bitmap->claim_range(0, 5000));
  for (std::uint64_t slot = 0; slot < 5000; slot += 7) {
    ASSERT_TRUE(bitmap.give(slot));
    const AtomicBitmap::Claim claim = bitmap->take(64);
    ASSERT_EQ(claim.word, slot / kWordBits);
    ASSERT_EQ(claim.mask, Word{1} << (slot % kWordBits));
  }
}

TEST(AtomicBitmap, a_wrong_hint_does_not_hide_a_free_slot) {
  Bitmap bitmap(5000);
  for (Atomic<Word>& group : bitmap.summary) group.store(kAllSet);
  EXPECT_NE(bitmap->take(1).mask, 0u);
}

// --- Several threads.

TEST(AtomicBitmapThreads, of_two_releases_at_once_exactly_one_wins) {
  constexpr std::uint64_t kSlots = 100'000;
  for (int round = 0; round < 2; ++round) {
    Bitmap bitmap(kSlots);
    ASSERT_TRUE(bitmap->claim_range(0, kSlots));
    std::vector<unsigned char> wins[2]{std::vector<unsigned char>(kSlots),
                                       std::vector<unsigned char>(kSlots)};
    test::Lockstep lockstep;
    on_threads(2, [&](int thread) {
      for (std::uint64_t slot = 0; slot < kSlots; ++slot) {
        lockstep.meet(thread, slot);
        wins[thread][slot] = bitmap.give(slot);
      }
    });
    for (std::uint64_t slot = 0; slot < kSlots; ++slot) {
      ASSERT_EQ(wins[0][slot] + wins[1][slot], 1) << slot;
    }
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

// Each way to take a slot; the byte is not atomic.

TEST(AtomicBitmapThreads, take_sees_what_the_last_holder_wrote) {
  Bitmap bitmap(64);
  ASSERT_TRUE(bitmap->claim_range(0, 64));
  int byte = 0;
  one_then_the_other(
      [&] {
        byte = 7;
        EXPECT_TRUE(bitmap.give(5));
      },
      [&] {
        EXPECT_EQ(bitmap->take(64).mask, Word{1} << 5);
        EXPECT_EQ(byte, 7);
      });
}

TEST(AtomicBitmapThreads, claim_range_sees_what_the_last_holder_wrote) {
  Bitmap bitmap(128);
  ASSERT_TRUE(bitmap->claim_range(0, 128));
  int byte = 0;
  one_then_the_other(
      [&] {
        byte = 7;
        EXPECT_TRUE(bitmap->give_range(60, 8));
      },
      [&] {
        EXPECT_TRUE(bitmap->claim_range(60, 8));
        EXPECT_EQ(byte, 7);
      });
}

TEST(AtomicBitmapThreads, take_run_sees_what_the_last_holder_wrote) {
  Bitmap bitmap(128);
  ASSERT_TRUE(bitmap->claim_range(0, 128));
  int byte = 0;
  one_then_the_other(
      [&] {
        byte = 7;
        EXPECT_TRUE(bitmap->give_range(60, 8));
      },
      [&] {
        EXPECT_EQ(bitmap->take_run(8), 60u);
        EXPECT_EQ(byte, 7);
      });
}

TEST(AtomicBitmapThreads, what_the_last_holder_wrote_is_seen_by_the_next) {
  Bitmap bitmap(65);
  std::vector<std::uint64_t> payload(65);  // not atomic: only the bitmap orders the accesses
  std::uint64_t counts[2]{};
  on_threads(2, [&](int thread) {
    for (int round = 0; round < 50'000; ++round) {
      const AtomicBitmap::Claim claim = bitmap->take(2);
      for (Word rest = claim.mask; rest != 0; rest &= rest - 1) {
        ++payload[claim.word * kWordBits + static_cast<unsigned>(std::countr_zero(rest))];
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
