// An upstream with an end: it serves up to so many bytes at a time, none while it is closed, and knows what is
// out. Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <new>

namespace bufferpool::stress {

class Upstream : public std::pmr::memory_resource {
 public:
  explicit Upstream(std::size_t most_bytes) noexcept : most_bytes_(most_bytes) {}

  /// While it is closed it is what std::pmr::null_memory_resource() is.
  void set_open(bool is_open) noexcept { is_open_ = is_open; }

  [[nodiscard]] std::size_t most_bytes() const noexcept { return most_bytes_; }
  [[nodiscard]] std::uint64_t blocks_out() const noexcept { return blocks_out_; }
  [[nodiscard]] std::size_t bytes_out() const noexcept { return bytes_out_; }
  [[nodiscard]] std::uint64_t served() const noexcept { return served_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (!is_open_) throw std::bad_alloc();
    if (bytes_out_.fetch_add(bytes) + bytes > most_bytes_) {
      bytes_out_ -= bytes;
      throw std::bad_alloc();
    }
    ++blocks_out_;
    ++served_;
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
    bytes_out_ -= bytes;
    --blocks_out_;
  }
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }

  std::size_t most_bytes_;
  std::atomic<bool> is_open_{true};
  std::atomic<std::size_t> bytes_out_{0};
  std::atomic<std::uint64_t> blocks_out_{0};
  std::atomic<std::uint64_t> served_{0};
};

}  // namespace bufferpool::stress
