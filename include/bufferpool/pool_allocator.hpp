// PoolAllocator<T>: a PoolResource without the virtual call, for std and Boost containers.
//
//   std::vector<int, PoolAllocator<int>> numbers(memory);                // memory: a PoolResource
//   boost::container::vector<int, PoolAllocator<int>> grows(memory);     // in place, while there is room
//
// Two allocators are equal when they name the same resource, which outlives what they allocate. Any thread
// may use any copy.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "bufferpool/allocation_chain.hpp"
#include "bufferpool/annotate.hpp"
#include "bufferpool/failure.hpp"
#include "bufferpool/pool_resource.hpp"

namespace bufferpool {

/// What allocate_at_least() returns.
#if defined(__cpp_lib_allocate_at_least)
template <class Pointer>
using AllocationResult = std::allocation_result<Pointer>;
#else
template <class Pointer>
struct AllocationResult {
  Pointer ptr;
  std::size_t count;
};
#endif

template <class T>
class PoolAllocator {
 public:
  using value_type = T;
  using size_type = std::size_t;
  using difference_type = std::ptrdiff_t;
  using pointer = T*;
  using const_pointer = const T*;

  /// A container that is moved or swapped takes its pool along: then both are O(1), do not throw, and are
  /// defined also between containers of different pools, which without this std::swap is not. One that is
  /// assigned a copy keeps its own pool, where it may have room already; a new copy is made in the pool
  /// of the original, as there is no other.
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;
  using propagate_on_container_copy_assignment = std::false_type;
  using is_always_equal = std::false_type;

  /// Implicit, as std::pmr's is, so that a container takes a resource.
  PoolAllocator(PoolResource& memory) noexcept : memory_(&memory) {}
  template <class U>
  PoolAllocator(const PoolAllocator<U>& other) noexcept : memory_(&other.resource()) {}

  [[nodiscard]] PoolAllocator select_on_container_copy_construction() const noexcept {
    return *this;
  }
  [[nodiscard]] PoolResource& resource() const noexcept { return *memory_; }

  /// Throws std::bad_array_new_length where the length in bytes overflows, and what upstream throws.
  [[nodiscard]] T* allocate(std::size_t count) {
    if (count > max_size()) [[unlikely]] {
      detail::throw_bad_array_new_length();
    }
    return static_cast<T*>(heap().allocate({count * sizeof(T), alignof(T)}));
  }
  /// `count` as it was asked for, or received.
  void deallocate(T* block, std::size_t count) noexcept {
    heap().deallocate(block, {count * sizeof(T), alignof(T)});
  }

  /// As many more elements as the block has room for.
  [[nodiscard]] AllocationResult<T*> allocate_at_least(std::size_t count) {
    T* const block = allocate(count);
    const detail::SizeRange any = range(count, count);
    const std::size_t bytes = heap().try_expand(block, {any.least_bytes, alignof(T)}, any);
    return {block, bytes != 0 ? bytes / sizeof(T) : count};
  }

  [[nodiscard]] static constexpr std::size_t max_size() noexcept { return PTRDIFF_MAX / sizeof(T); }

  // --- Boost.Container's allocator interface, version 2: its vectors grow in place, its nodes come and go
  // --- in bulk. https://www.boost.org/doc/libs/release/doc/html/container/extended_functionality.html

  using version = std::integral_constant<unsigned, 2>;
  using multiallocation_chain = detail::AllocationChain<T>;

  /// `command` is a set of Boost's allocation_type. Shrinks the block at `reuse`, and tries nothing else; or
  /// expands it forward; or allocates anew and sets `reuse` to nullptr. `length` goes in as the preferred
  /// number of elements, and comes out as the number received. What cannot be done in place gives nullptr
  /// and never throws, as Boost's vectors ask for it in functions that must not. A `reuse` that is no block
  /// that is out is reported to the failure handler, and ends the process. Memory is not zeroed.
  [[nodiscard]] T* allocation_command(unsigned command, std::size_t limit, std::size_t& length,
                                      T*& reuse) {
    if ((command & (kShrinkInPlace | kTryShrinkInPlace)) != 0) {
      const bool anything = (command & kTryShrinkInPlace) != 0;
      return shrink(anything ? max_size() : limit, length, reuse) ? reuse : nullptr;
    }
    if ((command & kExpandForward) != 0 && reuse != nullptr && expand(limit, length, reuse)) {
      return reuse;
    }
    if ((command & kAllocateNew) == 0) return nullptr;
    reuse = nullptr;
    return allocate_anew((command & kNothrow) != 0, limit, length);
  }

  /// How many elements have room in a block that is out; another pointer ends the process as above.
  [[nodiscard]] std::size_t size(const T* block) const noexcept {
    const std::size_t bytes = heap().usable_bytes_at(block, alignof(T));
    annotate::unpoison_more(block, bytes);  // who asks may use it
    return bytes / sizeof(T);
  }

  [[nodiscard]] T* allocate_one() { return allocate(linkable(1)); }
  void deallocate_one(T* block) noexcept { deallocate(block, linkable(1)); }

  /// Blocks for deallocate_one(). Here and below: all of them, or, where that throws, none.
  void allocate_individual(std::size_t blocks, multiallocation_chain& chain) {
    detail::AllocationBatch batch(*this, &PoolAllocator::deallocate_individual);
    for (std::size_t i = 0; i < blocks; ++i) batch.chain.push_back(allocate_one());
    batch.pass_on(chain);
  }
  void deallocate_individual(multiallocation_chain& chain) noexcept {
    while (!chain.empty()) deallocate_one(chain.pop_front());
  }

  /// Blocks of `length` elements each, or of lengths[0], lengths[1] ...
  void allocate_many(std::size_t length, std::size_t blocks, multiallocation_chain& chain) {
    detail::AllocationBatch batch(*this, &PoolAllocator::deallocate_many);
    for (std::size_t i = 0; i < blocks; ++i)
      batch.chain.push_back(allocate_at_least(linkable(length)).ptr);
    batch.pass_on(chain);
  }
  void allocate_many(const std::size_t* lengths, std::size_t blocks, multiallocation_chain& chain) {
    detail::AllocationBatch batch(*this, &PoolAllocator::deallocate_many);
    for (std::size_t i = 0; i < blocks; ++i) {
      batch.chain.push_back(allocate_at_least(linkable(lengths[i])).ptr);
    }
    batch.pass_on(chain);
  }
  void deallocate_many(multiallocation_chain& chain) noexcept {
    while (!chain.empty()) {
      T* const block = chain.pop_front();
      deallocate(block, size(block));
    }
  }

  template <class U>
  friend bool operator==(const PoolAllocator& a, const PoolAllocator<U>& b) noexcept {
    return &a.resource() == &b.resource();
  }

 private:
  // boost::container::allocation_type.
  static constexpr unsigned kAllocateNew = 0x01;
  static constexpr unsigned kExpandForward = 0x02;
  static constexpr unsigned kShrinkInPlace = 0x08;
  static constexpr unsigned kNothrow = 0x10;
  static constexpr unsigned kTryShrinkInPlace = 0x40;

  /// The preferred length, or, where neither the pool nor upstream has that much, the least that will do.
  [[nodiscard]] T* allocate_anew(bool nothrow, std::size_t limit, std::size_t& length) {
    if (limit > max_size()) {
      if (nothrow) return nullptr;
      detail::throw_bad_array_new_length();
    }
    const detail::BlockShape least{limit * sizeof(T), alignof(T)};
    const std::size_t room = heap().growable_bytes(range(limit, length), alignof(T));
    if (room > least.bytes) {
      if (void* const block = heap().try_allocate({room, alignof(T)})) {
        length = room / sizeof(T);
        return static_cast<T*>(block);
      }
    }
    void* const block = nothrow ? heap().try_allocate(least) : heap().allocate(least);
    if (block != nullptr) length = limit;
    return static_cast<T*>(block);
  }

  [[nodiscard]] bool expand(std::size_t limit, std::size_t& length, T* block) noexcept {
    if (limit > max_size()) return false;
    const std::size_t bytes = heap().try_expand(block, shape_of(block), range(limit, length));
    if (bytes != 0) length = bytes / sizeof(T);
    return bytes != 0;
  }

  [[nodiscard]] bool shrink(std::size_t limit, std::size_t& length, T* block) noexcept {
    if (length > limit || limit > max_size()) return false;
    const std::size_t bytes = heap().try_shrink(block, shape_of(block), range(length, limit));
    if (bytes != 0) length = bytes / sizeof(T);
    return bytes != 0;
  }

  [[nodiscard]] detail::BlockHeap& heap() const noexcept { return memory_->heap(); }
  /// At least as many elements as a block needs to be in a chain.
  [[nodiscard]] static constexpr std::size_t linkable(std::size_t length) noexcept {
    return std::max(length, (sizeof(void*) + sizeof(T) - 1) / sizeof(T));
  }
  /// `least` <= max_size().
  [[nodiscard]] static detail::SizeRange range(std::size_t least, std::size_t most) noexcept {
    const std::size_t in_range = std::clamp(most, least, max_size());
    return {least * sizeof(T), in_range * sizeof(T), sizeof(T)};
  }
  [[nodiscard]] detail::BlockShape shape_of(const T* block) const noexcept {
    return {heap().usable_bytes_at(block, alignof(T)) / sizeof(T) * sizeof(T), alignof(T)};
  }

  PoolResource* memory_;
};

}  // namespace bufferpool
