// Replaces operator new in all its forms by one that counts.
#include "heap_count.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

void* counted(std::size_t bytes, std::align_val_t alignment_value) noexcept {
  ++proxy::heap_allocation_count;
  const auto alignment = static_cast<std::size_t>(alignment_value);
  if (bytes == 0) bytes = 1;
  if (alignment <= alignof(std::max_align_t)) return std::malloc(bytes);
  return std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

void* counted_or_throw(std::size_t bytes, std::align_val_t alignment) {
  if (void* memory = counted(bytes, alignment)) return memory;
  throw std::bad_alloc();
}

constexpr std::align_val_t natural{alignof(std::max_align_t)};

}  // namespace

void* operator new(std::size_t n) { return counted_or_throw(n, natural); }
void* operator new[](std::size_t n) { return counted_or_throw(n, natural); }
void* operator new(std::size_t n, std::align_val_t a) { return counted_or_throw(n, a); }
void* operator new[](std::size_t n, std::align_val_t a) { return counted_or_throw(n, a); }
void* operator new(std::size_t n, const std::nothrow_t&) noexcept { return counted(n, natural); }
void* operator new[](std::size_t n, const std::nothrow_t&) noexcept { return counted(n, natural); }
void* operator new(std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept {
  return counted(n, a);
}
void* operator new[](std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept {
  return counted(n, a);
}

void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t, const std::nothrow_t&) noexcept { std::free(p); }
