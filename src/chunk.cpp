#include "bufferpool/chunk.hpp"

#include <new>

#include "bufferpool/failure.hpp"
#include "bufferpool/pool_core.hpp"

namespace bufferpool::detail {

void Chunk::give_back() noexcept {
  if (is_pooled()) return pool->end_lease(*this);
  auto* const whole = static_cast<UpstreamChunk*>(this);
  std::pmr::memory_resource* const upstream = whole->upstream;
  const std::size_t bytes = whole->bytes;
  annotate::unpoison(whole->data(), bytes - sizeof(UpstreamChunk));
  annotate::scrub(whole->data(), bytes - sizeof(UpstreamChunk), zeroes());
  whole->~UpstreamChunk();
  upstream->deallocate(whole, bytes, alignof(UpstreamChunk));
}

UpstreamChunk* UpstreamChunk::allocate(std::pmr::memory_resource& upstream,
                                       std::size_t room_bytes) {
  if (room_bytes > PTRDIFF_MAX - sizeof(UpstreamChunk)) throw_bad_alloc();
  if (&upstream == std::pmr::null_memory_resource()) throw_bad_alloc();  // as in UpstreamBlock
  const std::size_t bytes = sizeof(UpstreamChunk) + room_bytes;
  void* const block = upstream.allocate(bytes, alignof(UpstreamChunk));
  auto* const chunk = ::new (block) UpstreamChunk(upstream, bytes);
  chunk->live.start();
  return chunk;
}

}  // namespace bufferpool::detail
