#include "bufferpool/region.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

#include <gtest/gtest.h>

#include "bufferpool/annotate.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::detail {
namespace {

using test::WatchedResource;

constexpr std::size_t kMiB = 1024 * 1024;

std::size_t page_bytes() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

std::uintptr_t number(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

/// Whether the system has committed the page; nothing where no page is mapped.
enum class Page { unmapped, untouched, committed };
Page page_at(std::byte* address) {
  unsigned char committed = 0;
  void* const page = address - number(address) % page_bytes();
  if (::mincore(page, 1, &committed) != 0) return Page::unmapped;
  return (committed & 1) != 0 ? Page::committed : Page::untouched;
}

TEST(Region, a_mapping_is_aligned_and_reads_as_zero) {
  for (std::size_t alignment = 1; alignment <= 4 * kMiB; alignment *= 2) {
    for (const std::size_t bytes : {std::size_t{1}, page_bytes() + 1, 3 * kMiB}) {
      const Region region = Region::map(bytes, alignment);
      EXPECT_EQ(number(region.data()) % alignment, 0u) << alignment;
      EXPECT_GE(region.size(), bytes);
      EXPECT_TRUE(region.is_zeroed());
      EXPECT_EQ(region.data()[0], std::byte{0});
      EXPECT_EQ(region.data()[bytes - 1], std::byte{0});
      region.data()[bytes - 1] = std::byte{1};
    }
  }
}

TEST(Region, a_mapping_commits_pages_when_they_are_touched) {
  const Region region = Region::map(std::size_t{16} * 1024 * kMiB, 64);
  std::byte* const middle = region.data() + region.size() / 2;
  EXPECT_EQ(page_at(middle), Page::untouched);
  *middle = std::byte{1};
  EXPECT_EQ(page_at(middle), Page::committed);
  EXPECT_EQ(page_at(region.data() + region.size() - 1), Page::untouched);
}

TEST(Region, a_mapping_is_given_back_with_what_alignment_cost) {
  for (const std::size_t alignment : {std::size_t{1}, 2 * kMiB}) {
    std::byte* first = nullptr;
    std::byte* last = nullptr;
    {
      const Region region = Region::map(kMiB, alignment);
      first = region.data();
      last = first + kMiB - 1;
      EXPECT_EQ(page_at(first), Page::untouched);
    }
    EXPECT_EQ(page_at(first), Page::unmapped) << alignment;
    EXPECT_EQ(page_at(last), Page::unmapped) << alignment;
  }
}

/// Pages of address space that this process has mapped.
std::uint64_t count_mapped_pages() {
  char text[64] = {};
  const int file = ::open("/proc/self/statm", O_RDONLY);
  if (file < 0 || ::read(file, text, sizeof text - 1) <= 0) ADD_FAILURE() << "no /proc/self/statm";
  ::close(file);
  return std::strtoull(text, nullptr, 10);
}

TEST(Region, alignment_costs_no_address_space) {
  for (const std::size_t alignment : {std::size_t{64}, 2 * kMiB, 64 * kMiB}) {
    const std::uint64_t before = count_mapped_pages();
    {
      const Region region = Region::map(3 * kMiB, alignment);
      const std::size_t guards = annotate::kHardened ? 2 : 0;
      EXPECT_EQ(count_mapped_pages() - before, 3 * kMiB / page_bytes() + guards) << alignment;
    }
    EXPECT_EQ(count_mapped_pages(), before) << alignment;
  }
}

TEST(Region, a_mapping_that_the_system_refuses_is_bad_alloc) {
  struct Row {
    std::size_t bytes;
    std::size_t alignment;
  };
  constexpr Row kRows[] = {{SIZE_MAX, 64},
                           {SIZE_MAX - 8192, 1},
                           {SIZE_MAX - 2 * kMiB, 2 * kMiB},
                           {std::size_t{1} << 62, 64},
                           {1, std::size_t{1} << 62}};
  for (const Row& row : kRows) {
    EXPECT_THROW(static_cast<void>(Region::map(row.bytes, row.alignment)), std::bad_alloc)
        << row.bytes << ", " << row.alignment;
  }
}

TEST(Region, a_block_from_a_resource_goes_back_there) {
  WatchedResource resource;
  {
    const Region region = Region::take_from(resource, 1000, 256);
    EXPECT_TRUE(resource.owns(region.data() + 999));
    EXPECT_EQ(number(region.data()) % 256, 0u);
    EXPECT_EQ(region.size(), 1000u);
    EXPECT_FALSE(region.is_zeroed());
  }
  EXPECT_EQ(resource.live_blocks(), 0u);
}

TEST(Region, passes_the_exception_of_a_resource_on) {
  WatchedResource resource;
  resource.fail_at(1);
  EXPECT_THROW(static_cast<void>(Region::take_from(resource, 64, 64)), std::bad_alloc);
  EXPECT_EQ(resource.live_blocks(), 0u);
}

TEST(Region, storage_of_the_caller_is_left_to_the_caller) {
  std::array<std::byte, 100> storage{};
  {
    const Region region = Region::borrow(storage);
    EXPECT_EQ(region.data(), storage.data());
    EXPECT_EQ(region.size(), 100u);
    EXPECT_FALSE(region.is_zeroed());
  }
  storage[99] = std::byte{1};
  EXPECT_EQ(storage[99], std::byte{1});
}

TEST(Region, a_moved_region_is_given_back_once) {
  WatchedResource resource;
  {
    Region region = Region::take_from(resource, 64, 64);
    std::byte* const data = region.data();
    const Region moved = std::move(region);
    EXPECT_EQ(moved.data(), data);
    EXPECT_EQ(resource.live_blocks(), 1u);
  }
  EXPECT_EQ(resource.live_blocks(), 0u);
}

TEST(Region, a_moved_mapping_stays_mapped) {
  Region region = Region::map(kMiB, 64);
  const Region moved = [&region] { return Region(std::move(region)); }();
  moved.data()[kMiB - 1] = std::byte{1};
  EXPECT_EQ(page_at(moved.data() + kMiB - 1), Page::committed);
}

}  // namespace
}  // namespace bufferpool::detail
