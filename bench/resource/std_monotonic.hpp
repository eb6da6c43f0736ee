// A lower bound, broken on purpose: std::pmr::monotonic_buffer_resource never frees. Whenever its
// buffer is used up it begins again at the front and overwrites what may be live. The buffer holds one
// burst and is there before the clock runs: with a larger one, page faults and cache misses would be
// most of the time. One thread.
#pragma once

#include <cstddef>
#include <memory_resource>
#include <vector>

namespace resource_bench {

class StdMonotonic {
 public:
  class Memory {
   public:
    explicit Memory(StdMonotonic& system) : system_(&system) {}
    /// `bytes`: a multiple of 16, as the resource does not say what it has left.
    [[nodiscard]] void* allocate(std::size_t bytes) {
      if (system_->left_bytes_ < bytes) system_->rewind();
      system_->left_bytes_ -= bytes;
      return system_->resource_.allocate(bytes);
    }
    void deallocate(void* block, std::size_t bytes) { system_->resource_.deallocate(block, bytes); }

   private:
    StdMonotonic* system_;
  };

  static constexpr const char* name = "std_monotonic";
  static constexpr bool thread_safe = false;
  static constexpr bool one_size = true;
  explicit StdMonotonic(std::size_t bytes) : buffer_(1024 * bytes) {}
  [[nodiscard]] Memory memory() { return Memory(*this); }

 private:
  void rewind() {
    resource_.release();
    left_bytes_ = buffer_.size();
  }

  std::vector<std::byte> buffer_;
  std::pmr::monotonic_buffer_resource resource_{buffer_.data(), buffer_.size(),
                                                std::pmr::null_memory_resource()};
  std::size_t left_bytes_ = buffer_.size();
};

}  // namespace resource_bench
