// The operations that users pay for, one function each, whose instructions count_instructions.py counts.
// Messages and bursts come and go as in a program, so that the slow paths count as often as they are
// taken. Only measured_rounds() is counted; the rounds before it fill the magazines.
//
// Prints what compiled it, then of each operation its name, the calls of its function that were
// measured, and how often a call does the operation.

#include <array>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <memory_resource>

#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/pool_allocator.hpp"
#include "bufferpool/pool_resource.hpp"
#include "bufferpool/slot_pool.hpp"

using bufferpool::BufferPool;
using bufferpool::PoolAllocator;
using bufferpool::PoolResource;
using bufferpool::Slice;
using bufferpool::SlotPool;

namespace {

#if defined(__clang__)
constexpr const char* kCompiler = "clang";
constexpr int kCompilerVersion = __clang_major__;
#else
constexpr const char* kCompiler = "gcc";
constexpr int kCompilerVersion = __GNUC__;
#endif

constexpr int kWarmUpRounds = 100;
constexpr int kMeasuredRounds = 2'500;

constexpr std::size_t kPieceBytes = 10;
constexpr int kPieces = 100;  // of a message
constexpr std::size_t kBlockBytes = 64;
constexpr std::size_t kBurst = 100;  // slots or blocks that are taken before they are given back

}  // namespace

extern "C" {

[[gnu::noinline]] std::byte* probe_fill(BufferPool& buffers) {
  return buffers.fill(kPieceBytes).data();
}

/// A whole message, as an appender keeps its cursor in registers from one fill to the next. Each fill has
/// its part of the loop in its figure, and of making and leaving the appender.
[[gnu::noinline]] void probe_appender_fill(BufferPool& buffers) {
  auto appender = buffers.appender();
  for (int i = 0; i < kPieces; ++i) {
    std::byte* const piece = appender.fill(kPieceBytes).data();
    __asm__ volatile("" : : "r"(piece) : "memory");  // the piece might be written here
  }
}

[[gnu::noinline]] void probe_freeze(BufferPool& buffers, Slice* slice) {
  std::construct_at(slice, buffers.freeze());
}

[[gnu::noinline]] void probe_drop(Slice* slice) { std::destroy_at(slice); }

[[gnu::noinline]] void* probe_slot_allocate(SlotPool& pool) { return pool.allocate(); }

[[gnu::noinline]] void probe_slot_deallocate(SlotPool& pool, void* slot) { pool.deallocate(slot); }

[[gnu::noinline]] void* probe_block_allocate(std::pmr::memory_resource& memory) {
  return memory.allocate(kBlockBytes);
}

[[gnu::noinline]] void probe_block_deallocate(std::pmr::memory_resource& memory, void* block) {
  memory.deallocate(block, kBlockBytes);
}

[[gnu::noinline]] std::byte* probe_allocator_allocate(PoolAllocator<std::byte>& allocator) {
  return allocator.allocate(kBlockBytes);
}

[[gnu::noinline]] void probe_allocator_deallocate(PoolAllocator<std::byte>& allocator,
                                                  std::byte* block) {
  allocator.deallocate(block, kBlockBytes);
}

}  // extern "C"

namespace {

void append_pieces(BufferPool& buffers) {
  for (int i = 0; i < kPieces; ++i) probe_fill(buffers);
}

/// Where probe_freeze() makes a slice and probe_drop() destroys it.
union Frozen {
  Frozen() {}
  ~Frozen() {}
  Slice slice;
};

/// Two messages at a time: when a chunk is full, a slice in it is sometimes alive and sometimes not.
template <class Append>
void exchange_messages(BufferPool& buffers, Append append) {
  std::array<Frozen, 2> messages;
  for (Frozen& message : messages) {
    append(buffers);
    probe_freeze(buffers, &message.slice);
  }
  for (Frozen& message : messages) probe_drop(&message.slice);
}

template <class Source, class Pointer>
void take_and_give(Source& source, Pointer (*take)(Source&), void (*give)(Source&, Pointer)) {
  std::array<Pointer, kBurst> taken;
  for (Pointer& one : taken) one = take(source);
  for (const Pointer one : taken) give(source, one);
}

/// Each has a pool of its own, so that a change of one operation shows in its own figure.
struct Sources {
  BufferPool filled{SlotPool({.slot_bytes = std::size_t{64} * 1024, .slots = 1024})};
  BufferPool appended{SlotPool({.slot_bytes = std::size_t{64} * 1024, .slots = 1024})};
  SlotPool slots{{.slot_bytes = 4096, .slots = 1024}};
  PoolResource memory{SlotPool({.slot_bytes = std::size_t{64} * 1024, .slots = 1024})};
  PoolResource allocator_memory{SlotPool({.slot_bytes = std::size_t{64} * 1024, .slots = 1024})};
  PoolAllocator<std::byte> allocator{allocator_memory};
};

void make_rounds(Sources& sources, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    exchange_messages(sources.filled, append_pieces);
    exchange_messages(sources.appended, probe_appender_fill);
    take_and_give(sources.slots, probe_slot_allocate, probe_slot_deallocate);
    take_and_give<std::pmr::memory_resource>(sources.memory, probe_block_allocate,
                                             probe_block_deallocate);
    take_and_give(sources.allocator, probe_allocator_allocate, probe_allocator_deallocate);
  }
}

void print(const char* operation, std::size_t calls_a_round, int operations_a_call = 1) {
  std::printf("%s %zu %d\n", operation, calls_a_round * kMeasuredRounds, operations_a_call);
}

}  // namespace

extern "C" {

[[gnu::noinline]] void measured_rounds(Sources& sources) { make_rounds(sources, kMeasuredRounds); }

}  // extern "C"

int main() {
  Sources sources;
  make_rounds(sources, kWarmUpRounds);
  measured_rounds(sources);

  std::printf("%s %d\n", kCompiler, kCompilerVersion);
  print("fill", 2 * kPieces);
  print("appender_fill", 2, kPieces);
  print("freeze", 4);
  print("drop", 4);
  print("slot_allocate", kBurst);
  print("slot_deallocate", kBurst);
  print("block_allocate", kBurst);
  print("block_deallocate", kBurst);
  print("allocator_allocate", kBurst);
  print("allocator_deallocate", kBurst);
}
