// PoolAllocator in Boost's containers, which find its version 2 by themselves.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <new>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/container/deque.hpp>
#include <boost/container/flat_map.hpp>
#include <boost/container/list.hpp>
#include <boost/container/map.hpp>
#include <boost/container/set.hpp>
#include <boost/container/slist.hpp>
#include <boost/container/small_vector.hpp>
#include <boost/container/stable_vector.hpp>
#include <boost/container/string.hpp>
#include <boost/container/vector.hpp>
#include <gtest/gtest.h>

#include "bufferpool/pool_allocator.hpp"
#include "support/resource_stats.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::test {
namespace {

namespace bc = boost::container;

template <class T>
using Vector = bc::vector<T, PoolAllocator<T>>;

class PoolAllocatorBoost : public ::testing::Test {
 protected:
  ~PoolAllocatorBoost() override { EXPECT_TRUE(is_quiet(memory_.stats())); }

  WatchedResource upstream_;
  SlotPool pool_{{.slot_bytes = 64 * 1024, .slots = 1024, .upstream = &upstream_}};
  PoolResource memory_{pool_};
};

static_assert(bc::dtl::version<PoolAllocator<int>>::value == 2);

// --- Growth in place.

/// Appends `count` elements; the bytes that moved, by the length of the block that they left.
template <class T, class Append>
std::vector<std::size_t> moves_of(Vector<T>& grown, std::size_t count, const Append& append) {
  std::vector<std::size_t> left;
  const void* at = grown.data();
  std::size_t capacity = grown.capacity();
  for (std::size_t i = 0; i < count; ++i) {
    append(i);
    if (grown.data() != at && i != 0) left.push_back(capacity * sizeof(T));
    at = grown.data();
    capacity = grown.capacity();
  }
  return left;
}

TEST_F(PoolAllocatorBoost, a_vector_alone_in_its_pool_moves_nothing_after_its_first_whole_slot) {
  Vector<int> grown(memory_);
  const auto left = moves_of(grown, std::size_t{1} << 20,
                             [&](std::size_t i) { grown.push_back(static_cast<int>(i)); });
  for (const std::size_t bytes : left) EXPECT_LT(bytes, pool_.slot_bytes());
  for (std::size_t i = 0; i < grown.size(); ++i) ASSERT_EQ(grown[i], static_cast<int>(i));
  EXPECT_EQ(upstream_.calls(), 0u);
}

template <std::size_t kBytes>
struct Odd {
  std::uint64_t number;
  char rest[kBytes - sizeof(number)];
};

TEST_F(PoolAllocatorBoost, a_vector_of_elements_that_do_not_divide_a_slot_grows_in_place_too) {
  using Element = Odd<24>;
  static_assert(sizeof(Element) == 24);
  Vector<Element> grown(memory_);
  const auto left = moves_of(grown, 100'000, [&](std::size_t i) {
    grown.push_back(Element{i, {}});
  });
  for (const std::size_t bytes : left) EXPECT_LT(bytes, pool_.slot_bytes());
  for (std::size_t i = 0; i < grown.size(); ++i) ASSERT_EQ(grown[i].number, i);
}

TEST_F(PoolAllocatorBoost, a_vector_of_elements_longer_than_a_slot_grows) {
  using Element = Odd<100'000>;
  Vector<Element> grown(memory_);
  for (std::size_t i = 0; i < 100; ++i) {
    grown.emplace_back();
    grown.back().number = i;
  }
  for (std::size_t i = 0; i < grown.size(); ++i) ASSERT_EQ(grown[i].number, i);
}

TEST_F(PoolAllocatorBoost, a_vector_whose_neighbours_are_taken_moves_and_loses_nothing) {
  Vector<std::uint64_t> one(memory_);
  Vector<std::uint64_t> other(memory_);
  for (std::uint64_t i = 0; i < 300'000; ++i) {
    one.push_back(i);
    other.insert(other.begin() + static_cast<std::ptrdiff_t>(other.size()), 2, i);
  }
  for (std::uint64_t i = 0; i < one.size(); ++i) ASSERT_EQ(one[i], i);
  for (std::uint64_t i = 0; i < other.size(); ++i) ASSERT_EQ(other[i], i / 2);
}

TEST_F(PoolAllocatorBoost, a_vector_that_shrinks_gives_its_last_slots_back) {
  Vector<char> shrunk(memory_);
  shrunk.resize(20 * pool_.slot_bytes(), 'x');
  const void* const at = shrunk.data();
  for (const std::size_t slots : {7u, 5u, 4u, 2u, 1u}) {
    shrunk.resize(slots * pool_.slot_bytes() - 3);
    shrunk.shrink_to_fit();
    EXPECT_EQ(shrunk.capacity(), slots * pool_.slot_bytes());
    EXPECT_EQ(shrunk.data(), at);
    EXPECT_EQ(sum_of(memory_.stats()).handed_out_bytes, slots * pool_.slot_bytes());
  }
  EXPECT_EQ(shrunk.front(), 'x');
  EXPECT_EQ(shrunk.back(), 'x');
}

TEST_F(PoolAllocatorBoost, a_vector_grows_by_inserting_in_its_middle) {
  Vector<int> grown(memory_);
  for (int i = 0; i < 3000; ++i) grown.insert(grown.begin() + i / 2, 100, i);
  EXPECT_EQ(grown.size(), 300'000u);
  grown.reserve(1'000'000);
  grown.shrink_to_fit();
  Vector<int> copy(grown);
  EXPECT_TRUE(copy == grown);
  grown.clear();
  grown.shrink_to_fit();
  EXPECT_EQ(grown.capacity(), 0u);
}

TEST(PoolAllocatorBoostVector, with_a_short_size_type_gives_back_what_it_was_given) {
  using Short =
      bc::vector<int, PoolAllocator<int>, bc::vector_options_t<bc::stored_size<std::uint16_t>>>;
  PoolResource memory(SlotPool({.slot_bytes = 64 * 1024, .slots = 64}));
  {
    Short grown{PoolAllocator<int>(memory)};
    for (int i = 0; i < 65'535; ++i) grown.push_back(i);
    EXPECT_EQ(grown.back(), 65'534);
  }
  EXPECT_EQ(sum_of(memory.stats()).in_use, 0u);
}

TEST_F(PoolAllocatorBoost, a_string_grows_and_shrinks) {
  using String = bc::basic_string<char, std::char_traits<char>, PoolAllocator<char>>;
  String text{PoolAllocator<char>(memory_)};
  std::string expected;
  for (int i = 0; i < 60'000; ++i) {
    text += "0123456789";
    expected += "0123456789";
  }
  EXPECT_EQ(std::string(text.c_str()), expected);
  text.resize(10);
  text.shrink_to_fit();
  EXPECT_EQ(std::string(text.c_str()), "0123456789");
  String other(std::move(text));
  other.insert(other.begin(), 100'000, 'x');
  EXPECT_EQ(other.size(), 100'010u);
}

// --- Nodes.

TEST_F(PoolAllocatorBoost, nodes_come_and_go_in_bulk) {
  const std::vector<std::uint64_t> numbers{3, 1, 4, 15, 9, 2, 6, 5, 35, 8};
  bc::list<std::uint64_t, PoolAllocator<std::uint64_t>> list(memory_);
  list.insert(list.end(), numbers.begin(), numbers.end());
  EXPECT_TRUE(std::equal(list.begin(), list.end(), numbers.begin(), numbers.end()));
  bc::slist<std::uint64_t, PoolAllocator<std::uint64_t>> slist(memory_);
  slist.insert_after(slist.before_begin(), numbers.begin(),
                     numbers.end());  // Boost turns them round
  EXPECT_TRUE(std::is_permutation(slist.begin(), slist.end(), numbers.begin(), numbers.end()));
  bc::set<std::uint64_t, std::less<>, PoolAllocator<std::uint64_t>> set(list.begin(), list.end(),
                                                                        std::less<>(), memory_);
  auto copy = set;
  EXPECT_EQ(copy.size(), numbers.size());
  EXPECT_EQ(sum_of(memory_.stats()).in_use, 4 * numbers.size());
  set.erase(4);
  list.erase(list.begin(), std::next(list.begin(), 5));
  list.clear();
  EXPECT_EQ(sum_of(memory_.stats()).in_use, 3 * numbers.size() - 1);
}

TEST_F(PoolAllocatorBoost, a_stable_vector_keeps_spare_nodes) {
  bc::stable_vector<std::string, PoolAllocator<std::string>> stable{
      PoolAllocator<std::string>(memory_)};
  stable.reserve(100);
  for (int i = 0; i < 1000; ++i) stable.push_back(std::to_string(i));
  stable.erase(stable.begin() + 10, stable.begin() + 900);
  stable.insert(stable.begin() + 5, 50, "again");
  stable.shrink_to_fit();
  EXPECT_EQ(stable.size(), 160u);
  EXPECT_EQ(stable[5], "again");
  EXPECT_EQ(stable.back(), "999");
}

TEST_F(PoolAllocatorBoost, every_other_container_works_too) {
  using Pair = std::pair<const int, std::string>;
  bc::map<int, std::string, std::less<int>, PoolAllocator<Pair>> map(std::less<int>(), memory_);
  using FlatPair = std::pair<int, std::string>;
  bc::flat_map<int, std::string, std::less<int>, PoolAllocator<FlatPair>> flat(std::less<int>(),
                                                                               memory_);
  bc::deque<int, PoolAllocator<int>> deque{PoolAllocator<int>(memory_)};
  using Small = bc::small_vector<int, 8, PoolAllocator<int>>;
  Small small{Small::allocator_type(PoolAllocator<void>(memory_))};
  for (int i = 0; i < 20'000; ++i) {
    map.emplace(i, std::to_string(i));
    flat.emplace(i, std::to_string(i));
    deque.push_front(i);
    deque.push_back(i);
    small.push_back(i);
  }
  EXPECT_EQ(map.at(777), "777");
  EXPECT_EQ(flat.at(777), "777");
  EXPECT_EQ(deque.front(), deque.back());
  EXPECT_EQ(small.back(), 19'999);
  for (int i = 0; i < 20'000; i += 2) map.erase(i);
  auto other = map;
  map.swap(other);
  other = std::move(map);
  EXPECT_EQ(other.size(), 10'000u);
}

}  // namespace
}  // namespace bufferpool::test
