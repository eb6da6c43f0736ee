// Memory for the one Asio operation that its owner has pending, so that starting it allocates
// nothing. Asio gives the memory of an operation back before it calls the handler.
#pragma once

#include <array>
#include <cstddef>
#include <new>

namespace proxy {

class HandlerMemory {
 public:
  HandlerMemory() = default;
  HandlerMemory(const HandlerMemory&) = delete;
  HandlerMemory& operator=(const HandlerMemory&) = delete;

  void* allocate(std::size_t bytes) {
    if (taken_ || bytes > storage_.size()) return ::operator new(bytes);
    taken_ = true;
    return storage_.data();
  }

  void deallocate(void* memory) noexcept {
    if (memory != storage_.data()) return ::operator delete(memory);
    taken_ = false;
  }

 private:
  alignas(std::max_align_t) std::array<std::byte, 256> storage_;
  bool taken_ = false;
};

template <class T>
class HandlerAllocator {
 public:
  using value_type = T;

  explicit HandlerAllocator(HandlerMemory& memory) noexcept : memory_(&memory) {}
  template <class U>
  HandlerAllocator(const HandlerAllocator<U>& other) noexcept : memory_(other.memory_) {}

  T* allocate(std::size_t n) { return static_cast<T*>(memory_->allocate(n * sizeof(T))); }
  void deallocate(T* memory, std::size_t) noexcept { memory_->deallocate(memory); }
  bool operator==(const HandlerAllocator&) const = default;

 private:
  template <class>
  friend class HandlerAllocator;
  HandlerMemory* memory_;
};

/// A handler whose operation lives in `memory`, which must outlive it.
template <class Function>
class MemoryHandler {
 public:
  using allocator_type = HandlerAllocator<std::byte>;

  MemoryHandler(HandlerMemory& memory, Function function)
      : memory_(&memory), function_(std::move(function)) {}
  allocator_type get_allocator() const noexcept { return allocator_type(*memory_); }

  template <class... Results>
  void operator()(Results... results) {
    function_(results...);
  }

 private:
  HandlerMemory* memory_;
  Function function_;
};

}  // namespace proxy
