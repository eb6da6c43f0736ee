#include "bufferpool/slab_table.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "support/slabs.hpp"
#include "support/slots.hpp"

namespace bufferpool::detail {
namespace {

using test::PoolShape;
using test::Slabs;

std::vector<SizeClass> every_class() {
  std::vector<SizeClass> all;
  for (unsigned index = 0; index < kSizeClasses; ++index) all.push_back(SizeClass(index));
  return all;
}

class SlabTableTest : public ::testing::TestWithParam<PoolShape> {
 protected:
  [[nodiscard]] std::vector<SizeClass> served_classes() const {
    std::vector<SizeClass> served;
    for (const SizeClass size_class : every_class()) {
      const SlabShape shape = slabs_.table.shape_of(size_class);
      if (shape.blocks != 0 && shape.slots <= slabs_.pool.slots()) served.push_back(size_class);
    }
    return served;
  }
  Slabs slabs_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Slots, SlabTableTest, test::every_pool_shape(),
                         ::testing::PrintToStringParamName());

TEST_P(SlabTableTest, the_blocks_of_a_slab_fit_into_its_slots) {
  for (const SizeClass size_class : every_class()) {
    const SlabShape shape = slabs_->shape_of(size_class);
    const std::size_t slab_bytes = shape.slots * slabs_.pool.slot_bytes();
    EXPECT_LE(shape.blocks * bytes_of(size_class), slab_bytes) << bytes_of(size_class);
  }
}

TEST_P(SlabTableTest, a_class_is_served_unless_a_block_takes_more_than_four_slots_or_all) {
  const std::uint64_t most_slots = std::min<std::uint64_t>(4, slabs_.pool.slots());
  for (const SizeClass size_class : every_class()) {
    EXPECT_EQ(slabs_->shape_of(size_class).blocks != 0,
              bytes_of(size_class) <= most_slots * slabs_.pool.slot_bytes())
        << bytes_of(size_class);
  }
}

TEST_P(SlabTableTest, little_of_a_slab_is_left_over_behind_its_last_block) {
  // A small pool has slabs of as few slots as hold a block, so that there are several.
  const std::size_t part = slabs_.pool.slots() >= 128 ? 8 : 2;
  for (const SizeClass size_class : served_classes()) {
    const SlabShape shape = slabs_->shape_of(size_class);
    const std::size_t slab_bytes = shape.slots * slabs_.pool.slot_bytes();
    EXPECT_LE(slab_bytes - shape.blocks * bytes_of(size_class), slab_bytes / part)
        << bytes_of(size_class);
  }
}

TEST(SlabTableOfOddSlots, a_slab_leaves_over_at_most_a_seventh_where_no_few_slots_leave_an_eighth) {
  for (const std::size_t slot_bytes : {880u, 1264u, 2032u, 4112u, 50'000u, 100'000u, 1'747'520u}) {
    const Slabs slabs(PoolShape{"odd", slot_bytes, 2000});
    for (const SizeClass size_class : every_class()) {
      const SlabShape shape = slabs.table.shape_of(size_class);
      const std::size_t slab_bytes = shape.slots * slot_bytes;
      EXPECT_LE(slab_bytes - shape.blocks * bytes_of(size_class), slab_bytes / 7)
          << bytes_of(size_class) << " in slots of " << slot_bytes;
    }
  }
}

TEST_P(SlabTableTest, a_new_slab_hands_out_its_lowest_blocks) {
  for (const SizeClass size_class : served_classes()) {
    const BlockClaim claim = slabs_->take_from_new_slab(size_class, 3);
    const unsigned expected = std::min(3u, slabs_->shape_of(size_class).blocks);
    EXPECT_EQ(claim.mask, bits::range(0, expected));
    EXPECT_EQ(claim.word, 0u);
    slabs_->release_all();
  }
}

TEST_P(SlabTableTest, the_blocks_of_a_slab_of_several_slots_have_one_word) {
  for (const SizeClass size_class : every_class()) {
    const SlabShape shape = slabs_->shape_of(size_class);
    EXPECT_TRUE(shape.slots <= 1 || shape.blocks <= 64) << bytes_of(size_class);
  }
}

TEST_P(SlabTableTest, a_block_that_was_given_back_is_not_given_back_with_its_whole_slab) {
  for (const SizeClass size_class : served_classes()) {
    const std::uint32_t blocks = slabs_->shape_of(size_class).blocks;
    if (blocks == 1 || blocks > 64) continue;  // with one there is no other that keeps the slab
    const BlockClaim all = slabs_->take_from_new_slab(size_class, blocks);
    EXPECT_TRUE(slabs_->give({all.slab, all.word, 1}));
    EXPECT_FALSE(slabs_->give(all)) << bytes_of(size_class);
    slabs_->release_all();
  }
}

TEST_P(SlabTableTest, a_search_begins_at_the_part_of_a_slab_that_it_is_told) {
  for (const SizeClass size_class : served_classes()) {
    const std::uint64_t words = AtomicBitmap::words_for(slabs_->shape_of(size_class).blocks);
    if (words == 1) continue;
    ASSERT_NE(slabs_->take_from_new_slab(size_class, 1).mask, 0u);
    const auto word_from = [&](std::uint32_t from) {
      const BlockClaim claim = slabs_->take(size_class, 1, from);
      EXPECT_TRUE(slabs_->give(claim));  // the last word may have no other block
      return claim.word;
    };
    EXPECT_EQ(word_from(0), 0u);
    EXPECT_EQ(word_from(std::uint32_t{1} << 31), words / 2);
    EXPECT_EQ(word_from(UINT32_MAX), words - 1);
    slabs_->release_all();
  }
}

TEST_P(SlabTableTest, every_block_of_a_slab_is_handed_out_once) {
  for (const SizeClass size_class : served_classes()) {
    const SlabShape shape = slabs_->shape_of(size_class);
    std::set<std::byte*> blocks;
    BlockClaim claim = slabs_->take_from_new_slab(size_class, 64);
    const std::byte* const begin = slabs_->address_of(claim.slab, size_class, 0);
    for (; claim.mask != 0; claim = slabs_->take(size_class, 7)) {
      for (std::byte* const block : slabs_.blocks_in(claim, size_class)) {
        ASSERT_TRUE(blocks.insert(block).second) << "a block was handed out twice";
        const auto offset = static_cast<std::size_t>(block - begin);
        ASSERT_EQ(offset % bytes_of(size_class), 0u);
        ASSERT_LE(offset + bytes_of(size_class), shape.slots * slabs_.pool.slot_bytes());
      }
    }
    EXPECT_EQ(blocks.size(), shape.blocks);
    slabs_->release_all();
  }
}

TEST_P(SlabTableTest, the_place_of_a_block_is_where_it_came_from) {
  for (const SizeClass size_class : served_classes()) {
    const BlockClaim claim = slabs_->take_from_new_slab(size_class, 1);
    for (std::uint64_t number = 0; number < slabs_->shape_of(size_class).blocks; ++number) {
      const std::byte* const block = slabs_->address_of(claim.slab, size_class, number);
      for (const std::byte* const at : {block, block + bytes_of(size_class) - 1}) {
        const BlockPlace place = slabs_->place_of(at);
        ASSERT_EQ(place.slab, claim.slab);
        ASSERT_EQ(place.block, number) << bytes_of(size_class);
      }
    }
    slabs_->release_all();
  }
}

TEST_P(SlabTableTest, every_slot_of_a_slab_says_what_it_is_used_for) {
  for (const SizeClass size_class : served_classes()) {
    const BlockClaim claim = slabs_->take_from_new_slab(size_class, 1);
    const std::uint32_t slots = slabs_->shape_of(size_class).slots;
    for (std::uint32_t back = 0; back < slots; ++back) {
      const SlotUse use = slabs_->use_of(claim.slab + back);
      EXPECT_EQ(use.kind, SlotUse::Kind::slab);
      EXPECT_EQ(use.size_class, size_class);
      EXPECT_EQ(use.number, back);
    }
    slabs_->release_all();
    EXPECT_EQ(slabs_->use_of(claim.slab).kind, SlotUse::Kind::none);
  }
}

TEST_P(SlabTableTest, blocks_that_fill_a_slot_are_taken_and_given_many_at_once) {
  for (const SizeClass size_class : served_classes()) {
    if (!slabs_->fills_slot(size_class)) continue;
    std::set<std::byte*> blocks;
    std::vector<BlockClaim> claims;
    for (BlockClaim claim; (claim = slabs_->take_slots(size_class, 5)).mask != 0;) {
      EXPECT_LE(std::popcount(claim.mask), 5);
      claims.push_back(claim);
      for (std::byte* const block : slabs_.blocks_in(claim, size_class)) {
        ASSERT_TRUE(blocks.insert(block).second) << "a block was handed out twice";
        const BlockClaim alone = slabs_->claim_of(block, size_class);
        EXPECT_EQ(alone.word, claim.word);
        EXPECT_EQ(std::popcount(alone.mask & claim.mask), 1);
        EXPECT_EQ(slabs_->use_of(to_number(slabs_.pool.index_of(block))).size_class, size_class);
      }
    }
    EXPECT_EQ(blocks.size(), slabs_.pool.slots());
    for (const BlockClaim& claim : claims) slabs_->give_slots(claim);
    EXPECT_EQ(slabs_.pool.stats().taken_slots, 0u);
    for (std::byte* const block : blocks) {
      EXPECT_EQ(slabs_->use_of(to_number(slabs_.pool.index_of(block))).kind, SlotUse::Kind::none);
    }
  }
}

TEST_P(SlabTableTest, all_blocks_of_a_slab_given_at_once_end_it_unless_they_are_many) {
  for (const SizeClass size_class : served_classes()) {
    const auto [slots, blocks] = slabs_->shape_of(size_class);
    if (blocks < 2 || blocks >= bits::kWordBits) continue;
    const BlockClaim all = slabs_->take_from_new_slab(size_class, blocks);
    ASSERT_TRUE(slabs_->give(all));
    EXPECT_EQ(slabs_->use_of(all.slab).kind, SlotUse::Kind::none);
    EXPECT_EQ(slabs_.pool.stats().taken_slots, 0u);
  }
}

TEST_P(SlabTableTest, giving_what_is_free_is_told) {
  for (const SizeClass size_class : served_classes()) {
    if (slabs_->shape_of(size_class).blocks < 2) continue;
    BlockClaim both = slabs_->take_from_new_slab(size_class, 2);
    EXPECT_TRUE(slabs_->give({both.slab, both.word, 2}));
    EXPECT_FALSE(slabs_->give({both.slab, both.word, 2}));
    slabs_->release_all();
  }
}

TEST_P(SlabTableTest, the_last_slab_of_a_class_stays_until_free_slabs_are_asked_for) {
  for (const SizeClass size_class : served_classes()) {
    const BlockClaim claim = slabs_->take_from_new_slab(size_class, 1);
    ASSERT_TRUE(slabs_->give(claim));
    const auto [slots, blocks] = slabs_->shape_of(size_class);
    const bool is_small = slots * 16 <= slabs_.pool.slots() && bytes_of(size_class) <= 512 * 1024;
    const std::uint64_t kept = blocks > 1 && is_small ? slots : 0;
    EXPECT_EQ(slabs_.pool.stats().taken_slots, kept);
    EXPECT_EQ(slabs_->release_free_slabs(), kept);
    EXPECT_EQ(slabs_.pool.stats().taken_slots, 0u);
    EXPECT_EQ(slabs_->release_free_slabs(), 0u);
  }
}

TEST_P(SlabTableTest, a_slab_with_a_block_out_stays) {
  for (const SizeClass size_class : served_classes()) {
    const BlockClaim claim = slabs_->take_from_new_slab(size_class, 1);
    EXPECT_EQ(slabs_->release_free_slabs(), 0u);
    EXPECT_EQ(slabs_->use_of(claim.slab).kind, SlotUse::Kind::slab);
    ASSERT_TRUE(slabs_->give(claim));
    slabs_->release_free_slabs();
    EXPECT_EQ(slabs_->use_of(claim.slab).kind, SlotUse::Kind::none);
  }
}

TEST_P(SlabTableTest, the_slots_of_every_class_serve_the_next) {
  for (const SizeClass size_class : served_classes()) {
    const std::vector<BlockClaim> all = slabs_.take_all(size_class);
    std::uint64_t blocks = 0;
    for (const BlockClaim& claim : all) {
      blocks += static_cast<std::uint64_t>(std::popcount(claim.mask));
    }
    const SlabShape shape = slabs_->shape_of(size_class);
    // Between slabs of several slots a few may be left over that are too few for another.
    const std::uint64_t most = slabs_.pool.slots() / shape.slots * shape.blocks;
    ASSERT_LE(blocks, most) << bytes_of(size_class);
    ASSERT_GE(blocks, shape.slots == 1 ? most : most * 3 / 4) << bytes_of(size_class);
    for (const BlockClaim& claim : all) ASSERT_TRUE(slabs_->give(claim));
    EXPECT_LE(slabs_.pool.stats().taken_slots, shape.slots) << "all but one slab went back";
    slabs_->release_free_slabs();
    ASSERT_EQ(slabs_.pool.stats().taken_slots, 0u) << bytes_of(size_class);
  }
  EXPECT_TRUE(test::has_every_slot_once(slabs_.pool));
}

TEST_P(SlabTableTest, release_gives_all_back_whoever_holds_it) {
  for (const SizeClass size_class : served_classes()) {
    static_cast<void>(slabs_->take_from_new_slab(size_class, 1));
  }
  slabs_->release_all();
  EXPECT_EQ(slabs_.pool.stats().taken_slots, 0u);
  for (const SizeClass size_class : served_classes()) {
    EXPECT_EQ(slabs_->take(size_class, 1).mask, 0u) << "a block of a slab that has gone";
  }
  EXPECT_TRUE(test::has_every_slot_once(slabs_.pool));
}

TEST_P(SlabTableTest, visits_every_slab_once) {
  std::uint64_t slots = 0;
  for (const SizeClass size_class : served_classes()) {
    if (slabs_->take_from_new_slab(size_class, 1).mask == 0) continue;
    slots += slabs_->shape_of(size_class).slots;
  }
  std::uint64_t visited_bytes = 0;
  slabs_->for_each_slab([&](std::byte*, std::size_t bytes, SizeClass) { visited_bytes += bytes; });
  EXPECT_EQ(visited_bytes, slots * slabs_.pool.slot_bytes());
  slabs_->release_all();
}

}  // namespace
}  // namespace bufferpool::detail
