// A chunk: the run of slots, or the block of upstream memory, that a buffer fills with slices.
// A pool has one Chunk beside every slot, outside of the slot, so that an overrun cannot reach it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>

#include "bufferpool/live_count.hpp"

namespace bufferpool::detail {

class PoolCore;

struct Chunk {
  LiveCount live;
  PoolCore* pool = nullptr;  // nullptr: upstream memory, and this is an UpstreamChunk
  Gauge<std::uint64_t> run;  // see set_run()

  /// For whoever fills the chunk: how long the run is, and whether what a slice leaves is overwritten.
  void set_run(std::uint64_t slots, bool zeroes) noexcept { run.set(2 * slots + (zeroes ? 1 : 0)); }
  [[nodiscard]] std::uint64_t slots() const noexcept { return run.get() / 2; }
  [[nodiscard]] bool zeroes() const noexcept { return run.get() % 2 != 0; }

  [[nodiscard]] bool is_pooled() const noexcept { return pool != nullptr; }

  /// Gives one slice's reference up, on any thread. One atomic operation, unless it was the last.
  void drop() noexcept {
    if (live.drop()) [[unlikely]] {
      give_back();
    }
  }

  /// The caller owns the chunk: no slice is alive and nobody fills it. Returns the memory to the pool
  /// or to upstream.
  [[gnu::cold]] void give_back() noexcept;
};

/// Stands in front of the bytes that it describes, in one block.
struct UpstreamChunk : Chunk {
  UpstreamChunk(std::pmr::memory_resource& source, std::size_t block_bytes) noexcept
      : upstream(&source), bytes(block_bytes) {}

  std::pmr::memory_resource* upstream;
  std::size_t bytes;  // of the whole block

  [[nodiscard]] std::byte* data() noexcept { return reinterpret_cast<std::byte*>(this + 1); }

  /// A started chunk with room for at least `room_bytes`. Passes upstream's exception on; sizes that
  /// overflow are std::bad_alloc.
  [[gnu::cold]] static UpstreamChunk* allocate(std::pmr::memory_resource& upstream,
                                               std::size_t room_bytes);
};

}  // namespace bufferpool::detail
