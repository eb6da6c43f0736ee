// An upstream that refuses what would make the fuzzer run out of memory, and, when it is told to, one more
// request; and that checks what comes back. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory_resource>
#include <mutex>
#include <new>

#include "require.hpp"

namespace fuzz {

class BoundedUpstream final : public std::pmr::memory_resource {
 public:
  /// The `refused`-th request throws std::bad_alloc; 0: none does.
  BoundedUpstream(std::size_t most_bytes, std::uint64_t refused)
      : most_bytes_(most_bytes), refused_(refused) {}
  BoundedUpstream(const BoundedUpstream&) = delete;
  BoundedUpstream& operator=(const BoundedUpstream&) = delete;
  ~BoundedUpstream() override { require(live_.empty(), "a block of upstream was lost"); }

 private:
  struct Shape {
    std::size_t bytes;
    std::size_t alignment;
    bool operator==(const Shape&) const = default;
  };

  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    const std::lock_guard lock(mutex_);
    if (++requests_ == refused_ || bytes > most_bytes_ - held_bytes_ || alignment > most_bytes_) {
      throw std::bad_alloc();
    }
    void* const block = std::pmr::new_delete_resource()->allocate(bytes, alignment);
    live_[block] = {bytes, alignment};
    held_bytes_ += bytes;
    return block;
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    const std::lock_guard lock(mutex_);
    const auto found = live_.find(block);
    require(found != live_.end(), "upstream got a block that is not out");
    require(found->second == Shape{bytes, alignment}, "upstream got a block of another shape");
    live_.erase(found);
    held_bytes_ -= bytes;
    std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
  }
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }

  std::mutex mutex_;
  std::map<void*, Shape> live_;
  std::size_t most_bytes_;
  std::size_t held_bytes_ = 0;
  std::uint64_t requests_ = 0;
  std::uint64_t refused_;
};

}  // namespace fuzz
