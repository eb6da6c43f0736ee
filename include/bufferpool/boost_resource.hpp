// boost_resource(memory): a PoolResource for the containers of boost::container::pmr.
//
//   boost::container::pmr::vector<int> numbers(bufferpool::boost_resource(memory));
//
// Needs Boost.Container 1.74 or later, and its library at link time, as all of boost::container::pmr does.
// The only file that includes Boost.
#pragma once

#include <cstddef>

#include <boost/container/pmr/memory_resource.hpp>

#include "bufferpool/pool_resource.hpp"

namespace bufferpool {
namespace detail {

class BoostResource final : public boost::container::pmr::memory_resource {
 public:
  explicit BoostResource(PoolResource& memory) noexcept : memory_(memory) {}

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    return memory_.heap().allocate({bytes, alignment});
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    memory_.heap().deallocate(block, {bytes, alignment});
  }
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }

  PoolResource& memory_;
};

}  // namespace detail

/// The same one at every call. Lives in `memory`, and as long; takes nothing from the heap. Any thread.
[[nodiscard]] inline boost::container::pmr::memory_resource* boost_resource(
    PoolResource& memory) noexcept {
  return &memory.adapter<detail::BoostResource>();
}

}  // namespace bufferpool
