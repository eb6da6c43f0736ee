// The hot path, one function each, to be disassembled by check_hot_path.sh. Never run.

#include <cstddef>
#include <memory>
#include <span>

#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/slot_pool.hpp"

using bufferpool::BufferPool;
using bufferpool::Slice;
using bufferpool::SlotPool;

extern "C" {

std::byte* probe_fill(BufferPool& buffers, std::size_t n);
void probe_freeze(BufferPool& buffers, Slice* slice);
void probe_drop(Slice* slice);
void* probe_allocate(SlotPool& pool);
void probe_deallocate(SlotPool& pool, void* slot);

std::byte* probe_fill(BufferPool& buffers, std::size_t n) { return buffers.fill(n).data(); }

void probe_freeze(BufferPool& buffers, Slice* slice) { std::construct_at(slice, buffers.freeze()); }

void probe_drop(Slice* slice) { std::destroy_at(slice); }

void* probe_allocate(SlotPool& pool) { return pool.allocate(); }

void probe_deallocate(SlotPool& pool, void* slot) { pool.deallocate(slot); }
}
