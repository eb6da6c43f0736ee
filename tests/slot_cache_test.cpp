#include "bufferpool/slot_cache.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <gtest/gtest.h>

namespace bufferpool::detail {
namespace {

std::uintptr_t number(const void* address) { return reinterpret_cast<std::uintptr_t>(address); }

TEST(SlotCache, memory_of_zeros_is_nobodys_and_empty) {
  alignas(SlotCache) std::byte memory[sizeof(SlotCache)] = {};
  auto* const cache = reinterpret_cast<SlotCache*>(memory);
  EXPECT_EQ(cache->owner.get(), 0U);
  EXPECT_EQ(cache->slots.fill(), 0U);
  EXPECT_EQ(cache->slots.pop_or(kNoSlot), kNoSlot);
  EXPECT_FALSE(cache->slots.push(SlotIndex{1})) << "it takes nothing before it has an owner";
}

TEST(SlotCache, those_of_two_threads_share_no_cache_line) {
  SlotCache caches[2];
  EXPECT_EQ(number(&caches[0]) % 64, 0U);
  EXPECT_EQ((number(&caches[1]) - number(&caches[0])) % 64, 0U);
}

TEST(SlotCache, the_owner_and_the_first_slots_are_one_cache_line) {
  SlotCache cache;
  EXPECT_EQ(number(&cache.owner) / 64, number(&cache.slots) / 64);
}

TEST(SlotCache, holds_as_many_slots_as_a_word_of_the_bitmap_has) {
  SlotCache cache;
  cache.slots.set_limit(SlotCache::Slots::kCapacity);
  for (std::uint32_t slot = 0; slot < 64; ++slot) {
    ASSERT_TRUE(cache.slots.push(static_cast<SlotIndex>(slot)));
  }
  EXPECT_FALSE(cache.slots.push(SlotIndex{64}));
}

}  // namespace
}  // namespace bufferpool::detail
