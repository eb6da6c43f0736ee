#include "bufferpool/fill_cursor.hpp"

#include <algorithm>
#include <cstring>

#include "bufferpool/annotate.hpp"
#include "bufferpool/failure.hpp"

namespace bufferpool::detail {

void FillCursor::move_to(Chunk& started, std::span<std::byte> space, BufferStats& stats) noexcept {
  const std::size_t filled = size();
  annotate::unpoison(space.data(), filled);
  if (filled != 0) std::memcpy(space.data(), begin, filled);
  annotate::poison_inside(begin, filled);
  stats.bytes_moved += filled;
  leave(stats);
  begin = space.data();
  end = begin + filled;
  limit = begin + space.size();
  chunk = &started;
  put_off_pause();
}

void FillCursor::move_to_start(std::byte* start, BufferStats& stats) noexcept {
  annotate::unpoison(start, static_cast<std::size_t>(begin - start));  // where slices were dropped
  const std::size_t filled = size();
  if (filled != 0) std::memmove(start, begin, filled);
  annotate::poison_inside(start + filled, static_cast<std::size_t>(begin - start));
  stats.bytes_moved += filled;
  begin = start;
  end = start + filled;
  prepared_bytes = 0;
  reserved_at = nullptr;
  if (!is_left_when_idle()) put_off_pause();
}

void FillCursor::move_upstream(std::pmr::memory_resource& upstream, std::size_t extra_bytes,
                               BufferStats& stats, std::size_t least_bytes) {
  std::size_t needed = 0;
  if (__builtin_add_overflow(size(), extra_bytes, &needed)) throw_bad_alloc();
  const std::size_t bytes = std::max({needed, 2 * size(), least_bytes});
  UpstreamChunk* const block = UpstreamChunk::allocate(upstream, bytes);
  annotate::poison_inside(block->data(), bytes);
  move_to(*block, {block->data(), bytes}, stats);
  leave_when_idle();
  ++stats.upstream_chunks;
}

void FillCursor::pause(BufferStats& stats) noexcept {
  if (is_left_when_idle()) return leave(stats);
  limit = end;
}

void FillCursor::leave(BufferStats& stats) noexcept {
  if (chunk == nullptr) return;
  stats.slices += issued;
  if (!chunk->is_pooled()) stats.upstream_slices += issued;
  if (chunk->live.seal(issued)) chunk->give_back();
  *this = {};
}

}  // namespace bufferpool::detail
