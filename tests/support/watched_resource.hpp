// An upstream that counts, checks what comes back, and refuses when it is told to. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory_resource>
#include <mutex>
#include <new>

#include <gtest/gtest.h>

namespace bufferpool::test {

class WatchedResource : public std::pmr::memory_resource {
 public:
  WatchedResource() = default;
  WatchedResource(const WatchedResource&) = delete;
  WatchedResource& operator=(const WatchedResource&) = delete;
  ~WatchedResource() override { EXPECT_TRUE(live_.empty()) << live_.size() << " blocks were lost"; }

  /// From the `call`-th allocation from now on, 1 being the next, `times` throw std::bad_alloc; 0: none does.
  void fail_at(std::uint64_t call, std::uint64_t times = 1) {
    const std::lock_guard lock(mutex_);
    fail_at_ = call == 0 ? 0 : calls_ + call;
    fail_times_ = times;
  }

  /// Allocations that were asked for, the refused ones included.
  [[nodiscard]] std::uint64_t calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  /// True: a call that was to fail has been made.
  [[nodiscard]] bool has_failed() const {
    const std::lock_guard lock(mutex_);
    return fail_at_ != 0 && calls_ >= fail_at_;
  }
  [[nodiscard]] std::size_t live_blocks() const {
    const std::lock_guard lock(mutex_);
    return live_.size();
  }
  [[nodiscard]] bool owns(const void* pointer) const {
    const std::lock_guard lock(mutex_);
    const auto after = live_.upper_bound(static_cast<const std::byte*>(pointer));
    if (after == live_.begin()) return false;
    const auto& [begin, block] = *std::prev(after);
    return static_cast<const std::byte*>(pointer) < begin + block.bytes;
  }

 private:
  struct Block {
    std::size_t bytes;
    std::size_t alignment;
  };

  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    const std::lock_guard lock(mutex_);
    ++calls_;
    if (fail_at_ != 0 && calls_ >= fail_at_ && calls_ - fail_at_ < fail_times_)
      throw std::bad_alloc();
    void* const pointer = std::pmr::new_delete_resource()->allocate(bytes, alignment);
    live_[static_cast<const std::byte*>(pointer)] = {bytes, alignment};
    return pointer;
  }
  void do_deallocate(void* pointer, std::size_t bytes, std::size_t alignment) override {
    const std::lock_guard lock(mutex_);
    const auto found = live_.find(static_cast<const std::byte*>(pointer));
    ASSERT_NE(found, live_.end()) << "a block came back that is not alive";
    EXPECT_EQ(found->second.bytes, bytes);
    EXPECT_EQ(found->second.alignment, alignment);
    live_.erase(found);
    std::pmr::new_delete_resource()->deallocate(pointer, bytes, alignment);
  }
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }

  mutable std::mutex mutex_;
  std::map<const std::byte*, Block> live_;
  std::uint64_t calls_ = 0;
  std::uint64_t fail_at_ = 0;
  std::uint64_t fail_times_ = 0;
};

}  // namespace bufferpool::test
