// Slice: frozen bytes that have one owner. SharedSlice: frozen bytes that have many, and are read only.
//
//   Slice --> [ data, size ]  inside a chunk:  |....|slice|slice|....free....|
//         --> the chunk, whose count says how many slices are alive
//
// A slice may be sent to any thread, and dropped there, also after its pool and buffer are gone: the
// last one gives the chunk back. Not thread-safe itself: one slice is used by one thread at a time.
// Copies of a SharedSlice may be used by different threads.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include "bufferpool/annotate.hpp"
#include "bufferpool/chunk.hpp"
#include "bufferpool/failure.hpp"

namespace bufferpool {

class SharedSlice;

class Slice {
 public:
  /// Empty; holds nothing.
  Slice() = default;

  /// For the buffers of this library: takes over one reference to `chunk`.
  Slice(std::byte* data, std::size_t size, detail::Chunk* chunk) noexcept
      : data_(data), size_(size), chunk_(chunk) {}

  Slice(Slice&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        chunk_(std::exchange(other.chunk_, nullptr)) {}
  Slice& operator=(Slice&& other) noexcept {
    Slice taken(std::move(other));
    swap(taken);
    return *this;
  }
  Slice(const Slice&) = delete;
  Slice& operator=(const Slice&) = delete;

  /// One atomic operation; the last slice of a chunk also gives it back.
  ~Slice() {
    if (chunk_ == nullptr) return;
    annotate::scrub(data_, size_, chunk_->zeroes());
    annotate::poison_inside(data_, size_);
    chunk_->drop();
  }

  [[nodiscard]] std::byte* data() noexcept { return data_; }
  [[nodiscard]] const std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  [[nodiscard]] std::byte& operator[](std::size_t at) noexcept {
    check(at < size_, "operator[]", at);
    return data_[at];
  }
  [[nodiscard]] const std::byte& operator[](std::size_t at) const noexcept {
    check(at < size_, "operator[]", at);
    return data_[at];
  }

  [[nodiscard]] std::byte* begin() noexcept { return data_; }
  [[nodiscard]] std::byte* end() noexcept { return data_ + size_; }
  [[nodiscard]] const std::byte* begin() const noexcept { return data_; }
  [[nodiscard]] const std::byte* end() const noexcept { return data_ + size_; }

  operator std::span<std::byte>() noexcept { return {data_, size_}; }
  operator std::span<const std::byte>() noexcept { return {data_, size_}; }
  operator std::span<const std::byte>() const noexcept { return {data_, size_}; }
  operator std::string_view() const noexcept {
    return {reinterpret_cast<const char*>(data_), size_};
  }

  /// The slice no longer shows its first `bytes` <= size(); they stay allocated until it is dropped.
  void remove_prefix(std::size_t bytes) noexcept {
    check(bytes <= size_, "remove_prefix", bytes);
    data_ += bytes;
    size_ -= bytes;
  }
  /// The same for the last `bytes` <= size().
  void remove_suffix(std::size_t bytes) noexcept {
    check(bytes <= size_, "remove_suffix", bytes);
    size_ -= bytes;
  }

  /// Gives away the first `bytes` <= size() and keeps the rest. No byte moves.
  [[nodiscard]] Slice split(std::size_t bytes) noexcept {
    check(bytes <= size_, "split", bytes);
    if (bytes == 0) return {};
    if (bytes == size_) return std::move(*this);
    chunk_->live.add();
    Slice first(data_, bytes, chunk_);
    remove_prefix(bytes);
    return first;
  }

  /// Moves the bytes into a slice that can be copied and no longer be written; this one is empty
  /// then. No byte moves.
  [[nodiscard]] SharedSlice share() noexcept;

  /// True: the bytes are in a pool's slots. False: upstream memory, or empty.
  [[nodiscard]] bool is_pooled() const noexcept { return chunk_ != nullptr && chunk_->is_pooled(); }

  /// A copy of the bytes in heap memory of their own, so that twenty bytes that are kept for long do
  /// not pin a chunk: `slice = slice.detach()`. Throws std::bad_alloc, with nothing changed.
  [[nodiscard]] Slice detach() const;

  void swap(Slice& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(chunk_, other.chunk_);
  }

 private:
  friend class SharedSlice;

  void check(bool valid, const char* operation, std::size_t argument) const noexcept {
    if (!valid) [[unlikely]] {
      detail::fail("bufferpool: Slice::%s(%zu): the slice has %zu bytes; ask size() first",
                   operation, argument, size_);
    }
  }

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  detail::Chunk* chunk_ = nullptr;
};

class SharedSlice {
 public:
  SharedSlice() = default;
  /// Copying costs one atomic operation.
  SharedSlice(const SharedSlice& other) noexcept
      : data_(other.data_), size_(other.size_), chunk_(other.chunk_) {
    if (chunk_ != nullptr) chunk_->live.add();
  }
  SharedSlice(SharedSlice&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        chunk_(std::exchange(other.chunk_, nullptr)) {}
  SharedSlice& operator=(SharedSlice other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(chunk_, other.chunk_);
    return *this;
  }
  ~SharedSlice() {
    if (chunk_ != nullptr) chunk_->drop();
  }

  [[nodiscard]] const std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] const std::byte* begin() const noexcept { return data_; }
  [[nodiscard]] const std::byte* end() const noexcept { return data_ + size_; }
  [[nodiscard]] const std::byte& operator[](std::size_t at) const noexcept {
    if (at >= size_) [[unlikely]] {
      detail::fail(
          "bufferpool: SharedSlice::operator[](%zu): the slice has %zu bytes; ask size() "
          "first",
          at, size_);
    }
    return data_[at];
  }
  operator std::span<const std::byte>() const noexcept { return {data_, size_}; }
  operator std::string_view() const noexcept {
    return {reinterpret_cast<const char*>(data_), size_};
  }
  [[nodiscard]] bool is_pooled() const noexcept { return chunk_ != nullptr && chunk_->is_pooled(); }

 private:
  friend class Slice;
  explicit SharedSlice(Slice&& slice) noexcept
      : data_(std::exchange(slice.data_, nullptr)),
        size_(std::exchange(slice.size_, 0)),
        chunk_(std::exchange(slice.chunk_, nullptr)) {}

  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  detail::Chunk* chunk_ = nullptr;
};

inline SharedSlice Slice::share() noexcept { return SharedSlice(std::move(*this)); }

static_assert(sizeof(Slice) <= 32 && sizeof(SharedSlice) <= 32);

}  // namespace bufferpool
