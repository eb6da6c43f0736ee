// The pool one writes first: a map of 255 buffers of zeros; slices push their index to a locked list when
// dropped. One thread fills and freezes, any thread drops. The slices must be gone before the pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <span>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace seed_bench {

class FreedIndices {
 public:
  void push(std::uint8_t index) {
    const std::lock_guard lock(mutex_);
    indices_.push_back(index);
  }

  std::vector<std::uint8_t> take_all() {
    const std::lock_guard lock(mutex_);
    return std::exchange(indices_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<std::uint8_t> indices_;
};

class PPoolSlice {
 public:
  PPoolSlice() = default;
  PPoolSlice(std::span<std::byte> bytes, std::uint8_t index, std::shared_ptr<FreedIndices> freed)
      : bytes_(bytes), index_(index), freed_(std::move(freed)) {}
  PPoolSlice(PPoolSlice&&) noexcept = default;
  PPoolSlice& operator=(PPoolSlice&& other) noexcept {
    PPoolSlice(std::move(other)).swap(*this);
    return *this;
  }
  ~PPoolSlice() {
    if (freed_) freed_->push(index_);
  }

  [[nodiscard]] std::byte* data() const noexcept { return bytes_.data(); }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }

 private:
  void swap(PPoolSlice& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(index_, other.index_);
    std::swap(freed_, other.freed_);
  }

  std::span<std::byte> bytes_;
  std::uint8_t index_ = 0;
  std::shared_ptr<FreedIndices> freed_;  // null: holds nothing
};

class PPool {
 public:
  explicit PPool(std::size_t capacity_bytes) : capacity_bytes_(capacity_bytes) {
    for (std::uint8_t index = 0; index < buffer_count; ++index) {
      buffers_[index].bytes = zeros(capacity_bytes);
      free_.push_back(index);
    }
  }

  /// Looks the current buffer up on every call, as its model did. Waits while all buffers are in
  /// flight.
  std::span<std::byte> fill(std::size_t n) {
    if (free_.empty()) collect();
    Buffer& buffer = buffers_.find(free_.back())->second;
    if (n > capacity_bytes_ - buffer.length) throw std::length_error("PPool: message too long");
    const std::size_t offset = std::exchange(buffer.length, buffer.length + n);
    return {buffer.bytes.get() + offset, n};
  }

  PPoolSlice freeze() {
    if (free_.empty()) collect();
    const std::uint8_t index = free_.back();
    free_.pop_back();
    Buffer& buffer = buffers_.find(index)->second;
    return {{buffer.bytes.get(), buffer.length}, index, freed_};
  }

 private:
  static constexpr std::uint8_t buffer_count = 255;

  struct Free {
    void operator()(std::byte* bytes) const noexcept { std::free(bytes); }
  };
  using Bytes = std::unique_ptr<std::byte[], Free>;

  struct Buffer {
    Bytes bytes;
    std::size_t length = 0;
  };

  /// As its model's buffers begin. The heap writes zeros only over memory that it has used before.
  static Bytes zeros(std::size_t bytes) {
    Bytes fresh(static_cast<std::byte*>(std::calloc(bytes, 1)));
    if (fresh == nullptr) throw std::bad_alloc();
    return fresh;
  }

  [[gnu::noinline]] void collect() {
    while (free_.empty()) {
      for (const std::uint8_t index : freed_->take_all()) {
        buffers_.find(index)->second.length = 0;
        free_.push_back(index);
      }
      if (free_.empty()) std::this_thread::yield();
    }
  }

  std::size_t capacity_bytes_;
  std::map<std::uint8_t, Buffer> buffers_;
  std::vector<std::uint8_t> free_;
  std::shared_ptr<FreedIndices> freed_ = std::make_shared<FreedIndices>();
};

}  // namespace seed_bench
