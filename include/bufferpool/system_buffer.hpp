// SystemBuffer: the interface of BufferPool on the heap, or on any memory_resource, without a pool.
// The fallback, and the thing to compare with: it grows as std::vector does, by doubling.
#pragma once

#include <cstddef>
#include <memory_resource>

#include "bufferpool/basic_buffer.hpp"

namespace bufferpool {

class SystemBuffer : public BasicBuffer<SystemBuffer> {
 public:
  /// `upstream` (nullptr: the heap) is thread-safe and outlives the buffer and its slices.
  explicit SystemBuffer(std::pmr::memory_resource* upstream = nullptr) noexcept
      : upstream_(upstream != nullptr ? upstream : std::pmr::new_delete_resource()) {}

  SystemBuffer(SystemBuffer&&) noexcept = default;
  SystemBuffer& operator=(SystemBuffer&&) noexcept = default;
  ~SystemBuffer() = default;

 private:
  friend class BasicBuffer<SystemBuffer>;

  [[gnu::cold]] void grow(std::size_t extra_bytes);
  /// The heap is what is at hand here; false where it refuses, which without exceptions ends the program.
  [[gnu::cold]] bool try_grow(std::size_t extra_bytes) noexcept;

  std::pmr::memory_resource* upstream_;
};

static_assert(FillBuffer<SystemBuffer>);

}  // namespace bufferpool
