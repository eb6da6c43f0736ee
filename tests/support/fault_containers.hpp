// Containers in which something fails at the k-th time, for every k: what is put into them, one element
// after the other, must be there and nothing else, and nothing may be lost.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory_resource>
#include <new>
#include <numeric>
#include <set>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#if __has_include(<boost/container/vector.hpp>)
#include <boost/container/vector.hpp>
#else
#include <forward_list>
#endif

#include "bufferpool/pool_allocator.hpp"

namespace bufferpool::test {

/// A number whose k-th constructor from now on throws, if that was asked for, and that is counted.
class Fragile {
 public:
  static inline std::uint64_t constructed = 0;
  static inline std::uint64_t throw_at = 0;  // of `constructed`; 0: none does
  static inline std::int64_t alive = 0;

  static void fail_at(std::uint64_t call) {
    constructed = 0;
    throw_at = call;
  }

  explicit Fragile(int number) : number_(number) { begin(); }
  Fragile(const Fragile& other) : number_(other.number_) { begin(); }
  Fragile& operator=(const Fragile&) = default;
  ~Fragile() { --alive; }

  [[nodiscard]] int number() const { return number_; }
  friend auto operator<=>(const Fragile&, const Fragile&) = default;

 private:
  static void begin() {
    if (++constructed == throw_at) throw std::bad_alloc();
    ++alive;
  }
  int number_;
};

// --- Elements.

template <class T>
[[nodiscard]] T element_of(int number) {
  if constexpr (std::is_same_v<T, std::pmr::string>) {
    return T(std::to_string(number) + " and more than a string has room for in itself");
  } else {
    return T(number);
  }
}
[[nodiscard]] inline int number_of(const Fragile& element) { return element.number(); }
[[nodiscard]] inline int number_of(char element) { return static_cast<unsigned char>(element); }
[[nodiscard]] inline int number_of(const std::pmr::string& element) {
  return std::atoi(element.c_str());
}
template <class Key, class Value>
[[nodiscard]] int number_of(const std::pair<Key, Value>& element) {
  return number_of(element.second);
}

// --- Containers, all made from a PoolResource.

template <class Container>
[[nodiscard]] Container container_in(PoolResource& memory) {
  using Allocator = typename Container::allocator_type;
  if constexpr (std::is_constructible_v<Allocator, PoolResource&>) {
    return Container(Allocator(memory));
  } else {
    return Container(Allocator(&memory));
  }
}

template <class Container>
void put_into(Container& container, int number) {
  if constexpr (requires { typename Container::mapped_type; }) {
    container.emplace(number, element_of<typename Container::mapped_type>(number));
  } else if constexpr (requires { typename Container::key_type; }) {
    container.insert(element_of<typename Container::value_type>(number));
  } else if constexpr (requires { container.push_back(*container.begin()); }) {
    container.push_back(element_of<typename Container::value_type>(number));
  } else {
    container.push_front(element_of<typename Container::value_type>(number));
  }
}

/// True: the numbers below `count`, each once, in whatever order, and undamaged.
template <class Container>
[[nodiscard]] bool holds_numbers_below(const Container& container, int count) {
  std::vector<int> numbers;
  for (const auto& element : container) numbers.push_back(number_of(element));
  std::ranges::sort(numbers);
  std::vector<int> expected(static_cast<std::size_t>(count));
  std::iota(expected.begin(), expected.end(), 0);
  return numbers == expected;
}

template <class T>
using PoolVector = std::vector<T, PoolAllocator<T>>;
template <class T>
using PoolDeque = std::deque<T, PoolAllocator<T>>;
template <class T>
using PoolList = std::list<T, PoolAllocator<T>>;
template <class T>
using PoolSet = std::set<T, std::less<>, PoolAllocator<T>>;
template <class T>
using PoolMap = std::map<int, T, std::less<>, PoolAllocator<std::pair<const int, T>>>;
template <class T>
using PoolHashMap = std::unordered_map<int, T, std::hash<int>, std::equal_to<>,
                                       PoolAllocator<std::pair<const int, T>>>;
#if __has_include(<boost/container/vector.hpp>)
template <class T>
using GrowingVector = boost::container::vector<T, PoolAllocator<T>>;  // in place, where it can
#else
template <class T>
using GrowingVector = std::forward_list<T, PoolAllocator<T>>;
#endif

/// Those whose constructors of elements may throw at any time.
using FragileContainers =
    ::testing::Types<PoolVector<Fragile>, PoolDeque<Fragile>, PoolList<Fragile>, PoolSet<Fragile>,
                     PoolMap<Fragile>, PoolHashMap<Fragile>>;

using FaultContainers =
    ::testing::Types<PoolVector<Fragile>, PoolDeque<Fragile>, PoolList<Fragile>, PoolSet<Fragile>,
                     PoolHashMap<Fragile>, GrowingVector<Fragile>, std::pmr::string,
                     std::pmr::vector<std::pmr::string>, std::pmr::map<int, std::pmr::string>>;

}  // namespace bufferpool::test
