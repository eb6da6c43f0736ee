// Random sequences of all operations, for each buffer and many capacities, against a std::vector.
#include "support/buffer_model.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "bufferpool/annotate.hpp"
#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/system_buffer.hpp"
#include "support/bytes.hpp"
#include "support/seed.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::test {
namespace {

constexpr std::uint64_t kSeeds = 3;
constexpr std::size_t kSteps = 1'000;
constexpr std::size_t kMostBytes = 20'000;
constexpr std::uint64_t kFourGiB = std::uint64_t{1} << 32;

/// Lengths that meet the capacity's edges, and yet leave time for the next test.
std::size_t most_bytes_for(std::uint64_t capacity_bytes) {
  return std::clamp<std::size_t>(2 * capacity_bytes, 16, kMostBytes);
}

/// None, with a line that says so, where the system does not give so much address space.
std::optional<BufferPool> pool_of(std::uint64_t capacity_bytes,
                                  std::pmr::memory_resource* upstream) {
  try {
    return BufferPool(capacity_bytes, upstream);
  } catch (const std::bad_alloc&) {
    return std::nullopt;
  }
}

class CapacityTest : public testing::TestWithParam<std::uint64_t> {};

TEST_P(CapacityTest, a_private_pool_behaves_as_the_model) {
  for (const std::uint64_t seed : seeds(kSeeds)) {
    SCOPED_TRACE(say(seed));
    WatchedResource upstream;
    std::optional<BufferPool> buffer = pool_of(GetParam(), &upstream);
    if (!buffer) GTEST_SKIP() << "the system refuses to reserve " << GetParam() << " bytes";
    const SlotPool pool = buffer->pool();
    BufferModel model(std::move(*buffer), seed, most_bytes_for(GetParam()), seed * 13);
    model.run(kSteps);
    model.finish();
    EXPECT_EQ(pool.stats().taken_slots, 0U);
    EXPECT_EQ(upstream.live_blocks(), 0U);
  }
}

TEST_P(CapacityTest, the_whole_capacity_is_one_message_that_moves_nothing) {
  std::optional<BufferPool> buffer = pool_of(GetParam(), std::pmr::null_memory_resource());
  if (!buffer) GTEST_SKIP() << "the system refuses to reserve " << GetParam() << " bytes";
  if (annotate::kEnabled && GetParam() >= kFourGiB - 1) {
    GTEST_SKIP() << "a tool that watches memory would touch the shadow of all of it";
  }
  const std::size_t bytes = GetParam();
  const std::span<std::byte> space = buffer->fill(bytes);
  ASSERT_EQ(space.size(), bytes);
  if (bytes != 0) space.front() = space.back() = std::byte{42};
  const Slice slice = buffer->freeze();
  EXPECT_EQ(slice.size(), bytes);
  EXPECT_EQ(slice.is_pooled(), bytes != 0);
  if (bytes != 0) {
    EXPECT_EQ(slice[bytes - 1], std::byte{42});
  }
}

INSTANTIATE_TEST_SUITE_P(Bytes, CapacityTest,
                         testing::Values(0, 1, 63, 64, 65, 127, 128, 4095, 1 << 20, kFourGiB - 1,
                                         kFourGiB, kFourGiB + 1),
                         testing::PrintToStringParamName());

struct Shape {
  std::size_t slot_bytes;
  std::uint64_t slots;
};
std::string name_of(const testing::TestParamInfo<Shape>& shape) {
  return std::to_string(shape.param.slots) + "_slots_of_" + std::to_string(shape.param.slot_bytes);
}

class SharedPoolTest : public testing::TestWithParam<Shape> {};

TEST_P(SharedPoolTest, three_buffers_behave_as_their_models_side_by_side) {
  for (const std::uint64_t seed : seeds(kSeeds)) {
    SCOPED_TRACE(say(seed));
    WatchedResource upstream;
    const SlotPool pool(
        {.slot_bytes = GetParam().slot_bytes, .slots = GetParam().slots, .upstream = &upstream});
    {
      const std::size_t most =
          most_bytes_for(GetParam().slot_bytes * std::min<std::uint64_t>(GetParam().slots, 16));
      BufferModel first(BufferPool(pool), seed, most, 5);
      BufferModel second(BufferPool(pool), seed + 1'000, most, 20);
      BufferModel third(BufferPool(pool), seed + 2'000, most, 60);
      for (std::size_t round = 0; round < kSteps / 20; ++round) {
        first.run(10);
        second.run(10);
        third.run(10);
      }
      first.finish();
      second.finish();
      third.finish();
    }
    EXPECT_EQ(pool.stats().taken_slots, 0U);
    EXPECT_EQ(upstream.live_blocks(), 0U);
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, SharedPoolTest,
                         testing::Values(Shape{1, 100}, Shape{3, 64}, Shape{8, 8}, Shape{64, 63},
                                         Shape{100, 65}, Shape{256, 1'000}, Shape{1'000, 3},
                                         Shape{4'096, 128}, Shape{65'536, 4}),
                         name_of);

TEST(SystemBufferModel, behaves_as_the_model) {
  for (const std::uint64_t seed : seeds(4 * kSeeds)) {
    SCOPED_TRACE(say(seed));
    WatchedResource upstream;
    BufferModel model(SystemBuffer(&upstream), seed, kMostBytes, seed * 5);
    model.run(kSteps);
    model.finish();
    EXPECT_EQ(upstream.live_blocks(), 0U);
  }
}

}  // namespace
}  // namespace bufferpool::test
