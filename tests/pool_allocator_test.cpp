// PoolAllocator as the standard's containers use it, and its own interface.
#include "bufferpool/pool_allocator.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <forward_list>
#include <functional>
#include <future>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <memory_resource>
#include <new>
#include <queue>
#include <scoped_allocator>
#include <set>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/resource_stats.hpp"
#include "support/watched_resource.hpp"

namespace bufferpool::test {
namespace {

template <class T>
using Vector = std::vector<T, PoolAllocator<T>>;
using String = std::basic_string<char, std::char_traits<char>, PoolAllocator<char>>;
template <class Key, class Value>
using Map = std::map<Key, Value, std::less<>, PoolAllocator<std::pair<const Key, Value>>>;

class PoolAllocatorTest : public ::testing::Test {
 protected:
  ~PoolAllocatorTest() override {
    EXPECT_TRUE(is_quiet(memory_.stats()));
    EXPECT_TRUE(is_quiet(other_.stats()));
  }

  [[nodiscard]] std::uint64_t in_use() const { return sum_of(memory_.stats()).in_use; }
  [[nodiscard]] std::uint64_t in_use_in_other() const { return sum_of(other_.stats()).in_use; }

  WatchedResource upstream_;
  SlotPool pool_{{.slot_bytes = 64 * 1024, .slots = 256, .upstream = &upstream_}};
  PoolResource memory_{pool_};
  PoolResource other_{pool_};
};

// --- Containers.

template <class Container>
class PoolAllocatorContainer : public ::testing::Test {};

using Pair = std::pair<const int, int>;
using PlainContainers = ::testing::Types<
    std::vector<int, PoolAllocator<int>>, std::deque<int, PoolAllocator<int>>,
    std::list<int, PoolAllocator<int>>, std::forward_list<int, PoolAllocator<int>>,
    std::set<int, std::less<>, PoolAllocator<int>>,
    std::multiset<int, std::less<>, PoolAllocator<int>>,
    std::unordered_set<int, std::hash<int>, std::equal_to<>, PoolAllocator<int>>,
    std::unordered_multiset<int, std::hash<int>, std::equal_to<>, PoolAllocator<int>>,
    std::vector<bool, PoolAllocator<bool>>>;
TYPED_TEST_SUITE(PoolAllocatorContainer, PlainContainers);

TYPED_TEST(PoolAllocatorContainer, is_filled_copied_moved_swapped_and_assigned) {
  PoolResource memory(SlotPool({.slot_bytes = 64 * 1024, .slots = 64}));
  PoolResource other_memory(memory.pool());
  {
    using Value = typename TypeParam::value_type;
    TypeParam one(memory);
    one = {Value(3), Value(1), Value(4), Value(1), Value(5)};
    TypeParam copy(one);
    EXPECT_TRUE(copy == one);
    EXPECT_TRUE(copy.get_allocator() == one.get_allocator());
    TypeParam elsewhere(one, other_memory);
    EXPECT_TRUE(elsewhere == one);
    TypeParam moved_elsewhere(std::move(copy), other_memory);
    EXPECT_TRUE(moved_elsewhere == one);
    elsewhere = one;
    EXPECT_TRUE(elsewhere.get_allocator() == PoolAllocator<int>(other_memory));
    TypeParam empty(memory);
    std::swap(empty, elsewhere);
    EXPECT_TRUE(empty == one);
    one = std::move(empty);
    EXPECT_TRUE(one == moved_elsewhere);
    EXPECT_TRUE(one.get_allocator() == PoolAllocator<int>(other_memory));
  }
  EXPECT_TRUE(is_quiet(memory.stats()));
  EXPECT_TRUE(is_quiet(other_memory.stats()));
}

TEST_F(PoolAllocatorTest, serves_maps_strings_and_adaptors) {
  Map<int, String> map(memory_);
  std::multimap<int, int, std::less<>, PoolAllocator<Pair>> multimap(memory_);
  std::unordered_map<int, int, std::hash<int>, std::equal_to<>, PoolAllocator<Pair>> unordered(
      memory_);
  const PoolAllocator<int> ints(memory_);
  std::priority_queue<int, Vector<int>> queue(std::less<int>{}, ints);
  for (int i = 0; i < 1000; ++i) {
    map.emplace(i, String("longer than what a string keeps in itself", memory_));
    multimap.emplace(i / 2, i);
    unordered[i] = i;
    queue.push(i);
  }
  EXPECT_EQ(map.at(999).size(), 41u);
  EXPECT_EQ(multimap.count(7), 2u);
  EXPECT_EQ(unordered.at(999), 999);
  EXPECT_EQ(queue.top(), 999);
  EXPECT_GE(in_use(), 4001u);
}

TEST_F(PoolAllocatorTest, serves_shared_pointers_and_promises) {
  auto shared = std::allocate_shared<std::uint64_t>(PoolAllocator<std::uint64_t>(memory_), 7u);
  std::promise<int> promise(std::allocator_arg, PoolAllocator<int>(memory_));
  promise.set_value(8);
  EXPECT_EQ(*shared, 7u);
  EXPECT_EQ(promise.get_future().get(), 8);
  EXPECT_GE(in_use(), 2u);
}

TEST_F(PoolAllocatorTest, nodes_move_between_containers_without_a_copy) {
  Map<int, String> from(memory_);
  Map<int, String> into(memory_);
  const String& value = from.emplace(1, String(100, 'x', memory_)).first->second;
  auto node = from.extract(1);
  node.key() = 2;
  into.insert(std::move(node));
  EXPECT_EQ(&into.at(2), &value);
  from.merge(into);
  EXPECT_EQ(&from.at(2), &value);
}

TEST_F(PoolAllocatorTest, a_node_handle_gives_its_node_back) {
  std::set<int, std::less<>, PoolAllocator<int>> set({1, 2, 3}, memory_);
  static_cast<void>(set.extract(2));
  EXPECT_EQ(in_use(), 2u);
}

TEST_F(PoolAllocatorTest, lists_splice_without_a_copy) {
  std::list<int, PoolAllocator<int>> one({1, 2, 3}, memory_);
  std::list<int, PoolAllocator<int>> other({4, 5}, memory_);
  const int* const four = &other.front();
  one.splice(one.begin(), other);
  EXPECT_EQ(&one.front(), four);
  EXPECT_EQ(one.size(), 5u);
}

TEST_F(PoolAllocatorTest, passes_itself_on_to_what_a_container_holds) {
  using Outer = std::scoped_allocator_adaptor<PoolAllocator<String>>;
  std::vector<String, Outer> strings{Outer(PoolAllocator<String>(memory_))};
  strings.emplace_back(100, 'x');
  strings.emplace_back("another one that is too long to be kept in itself");
  for (const String& text : strings) {
    EXPECT_TRUE(text.get_allocator() == PoolAllocator<char>(memory_));
  }
  EXPECT_EQ(in_use(), 3u);
}

// --- Propagation.

TEST_F(PoolAllocatorTest, a_moved_container_takes_its_pool_along) {
  static_assert(std::is_nothrow_move_assignable_v<Vector<int>>);
  Vector<int> from(100, 7, memory_);
  Vector<int> into(100, 8, other_);
  const int* const data = from.data();
  into = std::move(from);
  EXPECT_EQ(into.data(), data);
  EXPECT_TRUE(into.get_allocator() == PoolAllocator<int>(memory_));
  EXPECT_EQ(in_use_in_other(), 0u);
}

TEST_F(PoolAllocatorTest, swapped_containers_swap_their_pools) {
  Vector<int> one(100, 7, memory_);
  Vector<int> two(200, 8, other_);
  const int* const data = one.data();
  swap(one, two);
  EXPECT_EQ(two.data(), data);
  EXPECT_TRUE(two.get_allocator() == PoolAllocator<int>(memory_));
}

TEST_F(PoolAllocatorTest, a_copy_lives_in_the_pool_of_the_original_an_assigned_one_in_its_own) {
  const Vector<int> original(100, 7, memory_);
  Vector<int> assigned(other_);
  assigned = original;
  EXPECT_TRUE(Vector<int>(original).get_allocator() == PoolAllocator<int>(memory_));
  EXPECT_TRUE(assigned.get_allocator() == PoolAllocator<int>(other_));
  EXPECT_EQ(in_use_in_other(), 1u);
}

// --- The allocator itself.

TEST_F(PoolAllocatorTest, equal_are_those_of_one_resource_whatever_their_type) {
  const PoolAllocator<int> ints(memory_);
  const PoolAllocator<char> chars(ints);
  EXPECT_TRUE(ints == chars);
  EXPECT_FALSE(ints != chars);
  EXPECT_FALSE(chars == PoolAllocator<char>(other_));
  EXPECT_EQ(&chars.resource(), &memory_);
  static_assert(!std::allocator_traits<PoolAllocator<int>>::is_always_equal::value);
  static_assert(std::is_same_v<std::allocator_traits<PoolAllocator<int>>::rebind_alloc<char>,
                               PoolAllocator<char>>);
}

TEST_F(PoolAllocatorTest, a_length_that_overflows_is_refused_with_nothing_changed) {
  PoolAllocator<std::uint64_t> numbers(memory_);
  const std::size_t most = std::numeric_limits<std::size_t>::max();
  for (const std::size_t count : {most, most / 8 + 1, most / 8, most / 16 + 1}) {
    EXPECT_THROW(static_cast<void>(numbers.allocate(count)), std::bad_array_new_length) << count;
    EXPECT_THROW(static_cast<void>(numbers.allocate_at_least(count)), std::bad_array_new_length);
  }
  EXPECT_EQ(upstream_.calls(), 0u);
}

TEST_F(PoolAllocatorTest, no_elements_are_a_block_that_can_be_given_back) {
  PoolAllocator<int> ints(memory_);
  int* const nothing = ints.allocate(0);
  EXPECT_NE(nothing, nullptr);
  ints.deallocate(nothing, 0);
}

TEST_F(PoolAllocatorTest, elements_may_be_aligned_to_more_than_a_slot) {
  struct alignas(256 * 1024) Wide {
    char bytes[256 * 1024];
  };
  PoolAllocator<Wide> wide(memory_);
  Wide* const two = wide.allocate(2);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(two) % alignof(Wide), 0u);
  EXPECT_GE(wide.size(two), 2u);
  wide.deallocate(two, 2);
}

TEST_F(PoolAllocatorTest, allocate_at_least_gives_all_that_the_block_has_room_for) {
  struct Odd {
    char bytes[24];
  };
  PoolAllocator<Odd> odd(memory_);
  for (std::size_t count = 1; count < 20'000; count += count / 3 + 1) {
    const auto [block, room] = odd.allocate_at_least(count);
    EXPECT_GE(room, count);
    EXPECT_LE(room * 24, count * 24 * 5 / 4 + 24);
    EXPECT_EQ(odd.size(block), room);
    odd.deallocate(block, count % 2 != 0 ? room : count);
    EXPECT_EQ(in_use(), 0u);
    odd.deallocate(odd.allocate_at_least(count).ptr, room);
  }
  const auto [nothing, room] = odd.allocate_at_least(0);
  odd.deallocate(nothing, 0);
  odd.deallocate(odd.allocate_at_least(0).ptr, room);
  EXPECT_EQ(in_use(), 0u);
  memory_.release();  // what was given back with a smaller count stays in asked_bytes
}

}  // namespace
}  // namespace bufferpool::test
