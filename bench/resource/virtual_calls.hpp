// A lower bound for whatever is reached as a std::pmr::memory_resource: one that has a single block. What its
// pairs take is two virtual calls.
#pragma once

#include <cstddef>
#include <memory_resource>
#include <vector>

#include "memories.hpp"

namespace resource_bench {

class OneBlock final : public std::pmr::memory_resource {
 public:
  explicit OneBlock(std::size_t bytes) : block_(bytes) {}

 private:
  void* do_allocate(std::size_t, std::size_t) override { return block_.data(); }
  void do_deallocate(void*, std::size_t, std::size_t) override {}
  [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  std::vector<std::byte> block_;
};

class VirtualCalls {
 public:
  static constexpr const char* name = "virtual_calls";
  explicit VirtualCalls(std::size_t bytes) : resource_(bytes) {}
  [[nodiscard]] StdMemory memory() { return StdMemory(resource_); }

 private:
  OneBlock resource_;
};

}  // namespace resource_bench
