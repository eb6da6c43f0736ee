// Which types a decoder that is written for every FillBuffer takes.
#include "bufferpool/buffer.hpp"

#include <cstddef>
#include <span>

#include <gtest/gtest.h>

#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/slice.hpp"
#include "bufferpool/system_buffer.hpp"

namespace bufferpool::test {
namespace {

struct Copied : BufferPool {
  explicit Copied(const Copied&);
};

struct Throwing : BufferPool {
  [[nodiscard]] std::span<std::byte> try_fill(std::size_t bytes);
};

struct ReadOnly : BufferPool {
  [[nodiscard]] std::span<const std::byte> filled() const;
};

struct Uncounted : BufferPool {
  void stats() const;
};

TEST(Buffer, both_of_the_librarys_are_fill_buffers) {
  EXPECT_TRUE(FillBuffer<BufferPool>);
  EXPECT_TRUE(FillBuffer<SystemBuffer>);
}

TEST(Buffer, what_derives_from_one_is_one) {
  struct Named : BufferPool {};
  EXPECT_TRUE(FillBuffer<Named>);
}

TEST(Buffer, what_lacks_a_promise_is_none) {
  EXPECT_FALSE(FillBuffer<Copied>) << "it does not move";
  EXPECT_FALSE(FillBuffer<Throwing>) << "try_fill() may throw";
  EXPECT_FALSE(FillBuffer<ReadOnly>) << "filled() cannot be changed in place";
  EXPECT_FALSE(FillBuffer<Uncounted>) << "stats() says nothing";
  EXPECT_FALSE(FillBuffer<Slice>);
  EXPECT_FALSE(FillBuffer<BufferPool&>);
}

TEST(Buffer, stats_start_with_nothing) {
  constexpr BufferStats kFresh;
  EXPECT_EQ(kFresh.slices, 0U);
  EXPECT_EQ(kFresh.upstream_slices, 0U);
  EXPECT_EQ(kFresh.chunks, 0U);
  EXPECT_EQ(kFresh.upstream_chunks, 0U);
  EXPECT_EQ(kFresh.bytes_moved, 0U);
}

}  // namespace
}  // namespace bufferpool::test
