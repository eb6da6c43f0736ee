// Where a buffer stands in the chunk that it fills. One owner, as the buffer.
//
//   chunk:  | frozen, sent | frozen, sent | being filled |     free     |
//                                         ^ begin        ^ end          ^ limit
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>

#include "bufferpool/buffer.hpp"
#include "bufferpool/chunk.hpp"

namespace bufferpool::detail {

struct FillCursor {
  /// Half of a small first cache: what is read to fill it has room there as well.
  static constexpr std::size_t kFilledUntilPause = 16 * 1024;

  std::byte* begin = nullptr;
  std::byte* end = nullptr;
  std::byte* limit = nullptr;
  std::byte* prepared_at = nullptr;  // where the last prepare() began; void when `end` has moved
  std::size_t prepared_bytes = 0;    // of it, not yet committed
  Chunk* chunk = nullptr;
  std::uint64_t issued = 0;  // slices of this chunk that were handed out, dropped ones included
  std::byte* reserved_at = nullptr;  // `begin` at the last reserve(); void when that has moved
  /// From here on freeze() calls pause(), if nothing is being filled then. nullptr: always, as the chunk is
  /// upstream's or longer than a slot.
  std::byte* pause_at = nullptr;

  [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(end - begin); }
  [[nodiscard]] std::size_t open() const noexcept {
    return prepared_at == end ? prepared_bytes : 0;
  }
  [[nodiscard]] std::size_t room() const noexcept { return static_cast<std::size_t>(limit - end); }
  [[nodiscard]] bool fits(std::size_t bytes) const noexcept { return fits(end, limit, bytes); }

  /// bytes <= limit - end, as an addition that fill() needs anyhow. No sum wraps: no object, and so no
  /// address of one, is longer than PTRDIFF_MAX.
  [[nodiscard]] static bool fits(const std::byte* end, const std::byte* limit,
                                 std::size_t bytes) noexcept {
    return bytes <= PTRDIFF_MAX &&
           reinterpret_cast<std::uintptr_t>(end) + bytes <= reinterpret_cast<std::uintptr_t>(limit);
  }

  [[nodiscard]] bool has_reserved() const noexcept { return begin == reserved_at; }

  /// From now on pause() leaves the chunk, wherever it is.
  void leave_when_idle() noexcept { pause_at = nullptr; }
  [[nodiscard]] bool is_left_when_idle() const noexcept { return pause_at == nullptr; }
  [[nodiscard]] bool is_time_to_pause() const noexcept { return begin >= pause_at; }

  /// Between two messages: leaves the chunk, or hides its room, so that the next fill() looks first whether
  /// the slices are gone. Then the chunk starts anew, in memory that is still in the cache.
  [[gnu::noinline]] void pause(BufferStats& stats) noexcept;

  /// The next pause() is due when so much more is filled that another look costs nothing beside it.
  void put_off_pause() noexcept { pause_at = end + std::min(kFilledUntilPause, room()); }

  /// What is being filled continues at the start of `space`, the bytes of a chunk that was just
  /// started; the old chunk is left.
  [[gnu::cold]] void move_to(Chunk& started, std::span<std::byte> space,
                             BufferStats& stats) noexcept;

  /// What is being filled moves to the start of the chunk, none of whose slices is alive.
  [[gnu::cold]] void move_to_start(std::byte* start, BufferStats& stats) noexcept;

  /// What is being filled continues in a block from `upstream` with room for `extra_bytes` more, at
  /// least twice as long as now, and of at least `least_bytes`. Throws what upstream throws, with nothing changed.
  [[gnu::cold]] void move_upstream(std::pmr::memory_resource& upstream, std::size_t extra_bytes,
                                   BufferStats& stats, std::size_t least_bytes = 64);

  /// Seals the chunk, if any, and forgets it together with what was being filled. The last of its
  /// slices gives it back, here if there is none.
  void leave(BufferStats& stats) noexcept;
};

}  // namespace bufferpool::detail
