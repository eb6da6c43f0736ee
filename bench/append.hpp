// The loop that all workloads share: append a message in pieces of ten bytes.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>

#include <benchmark/benchmark.h>

#include "message_script.hpp"
#include "systems/message_memory.hpp"

namespace seed_bench {

/// The clobber makes every piece reach memory, in every system alike. Without it a compiler might
/// keep only the last piece of a system that always writes to the same place.
template <class Filler>
[[gnu::always_inline]] inline void append_pieces(Filler& filler, std::span<const std::byte> input,
                                                 std::size_t message_bytes) {
  const std::size_t pieces = message_bytes / piece_bytes;
  for (std::size_t i = 0; i < pieces; ++i) {
    const std::span<std::byte> space = filler.fill(piece_bytes);
    std::memcpy(space.data(), input.data() + i, piece_bytes);
    benchmark::ClobberMemory();
  }
}

/// Not inlined, so that no system's cursor is known to the loop around it, and the loop is easy to
/// disassemble.
template <MessageMemory Memory>
[[gnu::noinline]] void append_message(Memory& memory, std::span<const std::byte> input,
                                      std::size_t message_bytes) {
  append_pieces(memory, input, message_bytes);
}

template <class Memory>
[[gnu::noinline]] void append_message_through_appender(Memory& memory,
                                                       std::span<const std::byte> input,
                                                       std::size_t message_bytes) {
  auto appender = memory.appender();
  append_pieces(appender, input, message_bytes);
}

/// Reads the first and the last byte: enough to fault on memory that is gone. Reading all of them
/// would measure how fast cache lines travel between cores, which is the same for every honest
/// system.
template <class Slice>
void touch(const Slice& slice) {
  if (slice.size() == 0) return;
  const std::byte both = slice.data()[0] ^ slice.data()[slice.size() - 1];
  benchmark::DoNotOptimize(both);
}

}  // namespace seed_bench
