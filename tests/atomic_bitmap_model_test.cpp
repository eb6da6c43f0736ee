// A bitmap against a model of it, by random steps.
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bufferpool/atomic_bitmap.hpp"
#include "support/bitmap.hpp"
#include "support/seed.hpp"

namespace bufferpool::detail {
namespace {

using test::Bitmap;

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
    switch (random() % 5) {
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
        if (claim.mask != 0) hold(claim.lowest(), 1);
        break;
      }
      case 3: {
        std::array<AtomicBitmap::Claim, 4> claims;
        const auto taken = bitmap->take_several(1 + random() % 64, claims);
        ASSERT_EQ(!taken.empty(), model.count() < slots);
        for (AtomicBitmap::Claim& claim : taken) {
          for (; claim.mask != 0; claim.mask &= claim.mask - 1) hold(claim.lowest(), 1);
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
  const std::uint64_t seed = test::fresh_seed();
  SCOPED_TRACE(test::say(seed));
  std::mt19937_64 random(seed);
  for (const std::uint64_t slots : {1u, 3u, 63u, 64u, 65u, 200u, 1000u, 5000u}) {
    for (int repeat = 0; repeat < 4; ++repeat) {
      compare_with_model(slots, random);
      if (::testing::Test::HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace bufferpool::detail
