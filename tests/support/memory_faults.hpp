// Faults of a holder that a tool which watches memory must report where they are: each is a function of its
// own name, never inlined, which reads or writes what it no longer holds, or holds not yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/pool_allocator.hpp"
#include "bufferpool/pool_resource.hpp"
#include "bufferpool/slot_pool.hpp"
#include "bufferpool/system_buffer.hpp"
#include "support/allocation_commands.hpp"

namespace bufferpool::test {

inline constexpr std::size_t kFaultSlotBytes = 256;

/// From 64 slots on they lie in magazines.
[[nodiscard]] inline SlotPool pool_of(std::uint64_t slots) {
  return SlotPool({.slot_bytes = kFaultSlotBytes, .slots = slots, .alignment = 16});
}

/// For a read that the compiler may not leave out, and that is the reader's own.
using Bytes = const volatile unsigned char*;
[[nodiscard]] inline Bytes bytes_at(const void* at) { return static_cast<Bytes>(at); }

template <class Buffer>
[[nodiscard]] Slice frozen(Buffer& buffer, std::size_t bytes) {
  for (std::byte& byte : buffer.fill(bytes)) byte = std::byte{1};
  return buffer.freeze();
}

[[nodiscard, gnu::noinline]] inline unsigned read_of_a_slot_that_was_given_back(
    std::uint64_t slots) {
  SlotPool pool = pool_of(slots);
  void* const slot = pool.allocate();
  pool.deallocate(slot);
  return *bytes_at(slot);
}

[[nodiscard, gnu::noinline]] inline unsigned read_past_a_slot(std::uint64_t slots) {
  SlotPool pool = pool_of(slots);
  auto* const slot = static_cast<std::byte*>(pool.allocate());
  const unsigned read = *bytes_at(slot + kFaultSlotBytes);
  pool.deallocate(slot);
  return read;
}

/// The next slice lives, so that the chunk does.
[[nodiscard, gnu::noinline]] inline unsigned read_of_a_dropped_slice(std::uint64_t slots) {
  BufferPool buffer(pool_of(slots));
  std::optional<Slice> dropped(frozen(buffer, 16));
  const Slice next = frozen(buffer, 16);
  const std::byte* const bytes = dropped->data();
  dropped.reset();
  return *bytes_at(bytes);
}

[[nodiscard, gnu::noinline]] inline unsigned read_of_the_last_slice_of_a_chunk(
    std::uint64_t slots) {
  const SlotPool pool = pool_of(slots);
  std::optional<BufferPool> buffer(pool);
  std::optional<Slice> dropped(frozen(*buffer, 16));
  const std::byte* const bytes = dropped->data();
  buffer.reset();
  dropped.reset();
  return *bytes_at(bytes);
}

[[nodiscard, gnu::noinline]] inline unsigned read_of_a_dropped_slice_upstream(std::uint64_t) {
  SystemBuffer buffer;
  Slice next = frozen(buffer, 32);
  std::optional<Slice> dropped(next.split(16));
  const std::byte* const bytes = dropped->data();
  dropped.reset();
  return *bytes_at(bytes);
}

/// Into a slice of the same chunk that was dropped: past what its own slice was filled with.
[[nodiscard, gnu::noinline]] inline unsigned read_past_what_was_filled(std::uint64_t slots) {
  BufferPool buffer(pool_of(slots));
  const Slice slice = frozen(buffer, 16);
  static_cast<void>(frozen(buffer, 16));
  return *bytes_at(slice.data() + slice.size());
}

/// Into what the buffer has not filled yet.
[[nodiscard, gnu::noinline]] inline unsigned read_of_what_is_not_filled(std::uint64_t slots) {
  BufferPool buffer(pool_of(slots));
  const Slice slice = frozen(buffer, 16);
  return *bytes_at(slice.data() + slice.size());
}

[[nodiscard, gnu::noinline]] inline unsigned write_past_what_is_filled(std::uint64_t slots) {
  BufferPool buffer(pool_of(slots));
  std::byte* const end = buffer.fill(16).data() + 16;
  *reinterpret_cast<volatile unsigned char*>(end) = 1;
  return 0;
}

[[nodiscard, gnu::noinline]] inline unsigned read_of_what_is_not_filled_upstream(std::uint64_t) {
  SystemBuffer buffer;
  const Slice slice = frozen(buffer, 16);
  return *bytes_at(slice.data() + slice.size());
}

[[nodiscard, gnu::noinline]] inline unsigned read_of_what_was_truncated(std::uint64_t slots) {
  BufferPool buffer(pool_of(slots));
  const std::byte* const bytes = buffer.fill(32).data();
  buffer.truncate(16);
  return *bytes_at(bytes + 16);
}

/// The slice keeps the old chunk alive.
[[nodiscard, gnu::noinline]] inline unsigned read_of_what_has_moved(std::uint64_t slots) {
  BufferPool buffer(pool_of(slots));
  const Slice slice = frozen(buffer, 16);
  const std::byte* const bytes = buffer.fill(16).data();
  static_cast<void>(buffer.fill(kFaultSlotBytes));
  return *bytes_at(bytes);
}

/// Where it was filled before it moved to the start of the chunk, whose slices are gone.
[[nodiscard, gnu::noinline]] inline unsigned read_of_what_was_rewound(std::uint64_t slots) {
  BufferPool buffer(pool_of(slots));
  static_cast<void>(frozen(buffer, kFaultSlotBytes - 64));
  const std::byte* const bytes = buffer.fill(32).data();
  static_cast<void>(buffer.fill(64));
  return *bytes_at(bytes);
}

/// Into the next slot, which is free.
[[nodiscard, gnu::noinline]] inline unsigned read_past_a_chunk(std::uint64_t slots) {
  BufferPool buffer(pool_of(slots));
  const Slice slice = frozen(buffer, kFaultSlotBytes);
  return *bytes_at(slice.data() + slice.size());
}

[[nodiscard, gnu::noinline]] inline unsigned read_of_a_block_that_was_given_back(
    std::uint64_t slots) {
  PoolResource memory(pool_of(slots));
  void* const block = memory.allocate(64);
  memory.deallocate(block, 64);
  return *bytes_at(block);
}

/// Into the next block, which is free.
[[nodiscard, gnu::noinline]] inline unsigned read_past_a_block(std::uint64_t slots) {
  PoolResource memory(pool_of(slots));
  auto* const block = static_cast<std::byte*>(memory.allocate(64));
  const unsigned read = *bytes_at(block + 64);
  memory.deallocate(block, 64);
  return read;
}

/// Into what its size class has more than was asked for.
[[nodiscard, gnu::noinline]] inline unsigned read_past_what_was_asked_for(std::uint64_t slots) {
  PoolResource memory(pool_of(slots));
  auto* const block = static_cast<std::byte*>(memory.allocate(99));
  const unsigned read = *bytes_at(block + 99);
  memory.deallocate(block, 99);
  return read;
}

[[nodiscard, gnu::noinline]] inline unsigned read_past_what_was_asked_for_of_a_run(
    std::uint64_t slots) {
  PoolResource memory(pool_of(slots));
  constexpr std::size_t kBytes = 6 * kFaultSlotBytes - 99;
  auto* const block = static_cast<std::byte*>(memory.allocate(kBytes));
  const unsigned read = *bytes_at(block + kBytes);
  memory.deallocate(block, kBytes);
  return read;
}

/// A block of several slots.
[[nodiscard, gnu::noinline]] inline unsigned read_of_a_run_that_was_given_back(
    std::uint64_t slots) {
  PoolResource memory(pool_of(slots));
  constexpr std::size_t kBytes = 6 * kFaultSlotBytes;
  auto* const block = static_cast<std::byte*>(memory.allocate(kBytes));
  memory.deallocate(block, kBytes);
  return *bytes_at(block + kBytes - 1);
}

[[nodiscard, gnu::noinline]] inline unsigned read_of_what_a_block_shrank_by(std::uint64_t slots) {
  PoolResource memory(pool_of(slots));
  PoolAllocator<std::byte> allocator(memory);
  std::byte* block = allocator.allocate(6 * kFaultSlotBytes);
  std::size_t length = kFaultSlotBytes;
  static_cast<void>(allocator.allocation_command(kTryShrinkInPlace, 0, length, block));
  const unsigned read = *bytes_at(block + kFaultSlotBytes);
  allocator.deallocate(block, length);
  return read;
}

struct MemoryFault {
  const char* name;  // of the function
  unsigned (*commit)(std::uint64_t slots);
};

inline constexpr MemoryFault kMemoryFaults[] = {
    {"read_of_a_slot_that_was_given_back", read_of_a_slot_that_was_given_back},
    {"read_past_a_slot", read_past_a_slot},
    {"read_of_a_dropped_slice", read_of_a_dropped_slice},
    {"read_of_the_last_slice_of_a_chunk", read_of_the_last_slice_of_a_chunk},
    {"read_of_a_dropped_slice_upstream", read_of_a_dropped_slice_upstream},
    {"read_past_what_was_filled", read_past_what_was_filled},
    {"read_of_what_is_not_filled", read_of_what_is_not_filled},
    {"write_past_what_is_filled", write_past_what_is_filled},
    {"read_of_what_is_not_filled_upstream", read_of_what_is_not_filled_upstream},
    {"read_of_what_was_truncated", read_of_what_was_truncated},
    {"read_of_what_has_moved", read_of_what_has_moved},
    {"read_of_what_was_rewound", read_of_what_was_rewound},
    {"read_past_a_chunk", read_past_a_chunk},
    {"read_of_a_block_that_was_given_back", read_of_a_block_that_was_given_back},
    {"read_past_a_block", read_past_a_block},
    {"read_past_what_was_asked_for", read_past_what_was_asked_for},
    {"read_past_what_was_asked_for_of_a_run", read_past_what_was_asked_for_of_a_run},
    {"read_of_a_run_that_was_given_back", read_of_a_run_that_was_given_back},
    {"read_of_what_a_block_shrank_by", read_of_what_a_block_shrank_by},
};

}  // namespace bufferpool::test
