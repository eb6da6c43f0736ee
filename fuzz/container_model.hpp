// Containers in a memory resource, each beside one on the heap that says what it must hold.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory_resource>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "input.hpp"
#include "require.hpp"
#include <bufferpool/pool_allocator.hpp>
#include <bufferpool/pool_resource.hpp>

namespace fuzz {

template <class Tested, class Model>
class Twins {
 public:
  using Element = typename Tested::value_type;

  explicit Twins(bufferpool::PoolResource& memory) : tested_(allocator(memory)) {}

  /// A change that throws has not taken place.
  template <class Change>
  void apply(const Change& change) {
    change(tested_);
    change(model_);
    check();
    if (model_.size() > kMostElements) clear();
  }
  void clear() {
    tested_.clear();
    model_.clear();
  }
  /// Into another container of the same resource, and back.
  void move() {
    Tested moved(std::move(tested_));
    // Valid, and empty or not: NOLINTNEXTLINE(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
    tested_.swap(moved);
    check();
  }

 private:
  static constexpr std::size_t kMostElements = 4096;

  static auto allocator(bufferpool::PoolResource& memory) {
    if constexpr (std::is_constructible_v<Tested, std::pmr::memory_resource*>) {
      return static_cast<std::pmr::memory_resource*>(&memory);
    } else {
      return typename Tested::allocator_type(memory);
    }
  }
  void check() const {
    require(tested_.size() == model_.size() && std::ranges::equal(tested_, model_),
            "a container has lost its elements");
  }

  Tested tested_;
  Model model_;
};

class ContainerModel {
 public:
  explicit ContainerModel(bufferpool::PoolResource& memory)
      : vector_(memory),
        direct_(memory),
        deque_(memory),
        list_(memory),
        string_(memory),
        map_(memory) {}

  /// Passes upstream's std::bad_alloc on, with nothing changed.
  void step(Input& input) {
    switch (input.below(6)) {
      case 0:
        return change_sequence(vector_, input);
      case 1:
        return change_sequence(direct_, input);
      case 2:
        return change_sequence(deque_, input);
      case 3:
        return change_sequence(list_, input);
      case 4:
        return change_sequence(string_, input);
      default:
        return change_map(input);
    }
  }

 private:
  using Number = std::uint32_t;

  template <class Sequence>
  static void change_sequence(Sequence& sequence, Input& input) {
    const auto element = static_cast<typename Sequence::Element>(input.number(1));
    const std::size_t count = input.of_any_magnitude(10);
    switch (input.below(5)) {
      case 0:
        return sequence.apply([&](auto& c) { c.push_back(element); });
      case 1:
        return sequence.apply([&](auto& c) {
          if (!c.empty()) c.erase(c.begin());
        });
      case 2:
        return sequence.move();
      case 3:
        return sequence.clear();
      default:
        return sequence.apply([&](auto& c) { c.insert(c.end(), count, element); });
    }
  }

  void change_map(Input& input) {
    const auto key = static_cast<Number>(input.number(1));
    if (input.below(8) == 0) return map_.move();
    const bool erases = input.below(3) == 0;
    map_.apply([=](auto& c) {
      if (erases) {
        c.erase(key);
      } else {
        c.insert_or_assign(key, key + 1);
      }
    });
  }

  Twins<std::pmr::vector<Number>, std::vector<Number>> vector_;
  Twins<std::vector<Number, bufferpool::PoolAllocator<Number>>, std::vector<Number>> direct_;
  Twins<std::pmr::deque<Number>, std::deque<Number>> deque_;
  Twins<std::pmr::list<Number>, std::list<Number>> list_;
  Twins<std::pmr::string, std::string> string_;
  Twins<std::pmr::map<Number, Number>, std::map<Number, Number>> map_;
};

}  // namespace fuzz
