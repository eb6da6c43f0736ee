// The fill / freeze / send interface, written once for BufferPool and SystemBuffer.
//
// fill() is compare, add, return; freeze() adds one to a plain integer. What does not fit is `Source`'s
// affair, off the hot path. Not thread-safe: a buffer is used by one thread at a time, as the decoder
// that it belongs to. Its slices go anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "bufferpool/annotate.hpp"
#include "bufferpool/buffer.hpp"
#include "bufferpool/failure.hpp"
#include "bufferpool/fill_cursor.hpp"
#include "bufferpool/slice.hpp"

namespace bufferpool {

/// `Source` derives from this and has grow(extra_bytes), which makes room for so many bytes behind
/// what is being filled or throws with nothing changed, and try_grow(extra_bytes) noexcept.
template <class Source>
class BasicBuffer {
 public:
  class Appender;

  /// Appends `bytes` to what is being filled and returns them, uninitialised, to be written. Throws
  /// what upstream throws, with nothing changed. Amortised O(1), whatever `bytes` is.
  [[nodiscard]] std::span<std::byte> fill(std::size_t bytes) {
    if (!cursor_.fits(bytes)) [[unlikely]] {
      source().grow(bytes);
    }
    return append(bytes);
  }

  /// The same from memory that is at hand, without upstream; an empty span, and nothing changed, where
  /// there is not enough. Never blocks.
  [[nodiscard]] std::span<std::byte> try_fill(std::size_t bytes) noexcept {
    if (!cursor_.fits(bytes) && !source().try_grow(bytes)) [[unlikely]] {
      return {};
    }
    return append(bytes);
  }

  /// Room for a read of unknown length: `bytes` behind what is being filled, which become part of it
  /// as far as commit() says. Valid until the next call that changes the buffer. Throws as fill().
  [[nodiscard]] std::span<std::byte> prepare(std::size_t bytes) {
    if (!cursor_.fits(bytes)) [[unlikely]] {
      source().grow(bytes);
    }
    return prepared(bytes);
  }
  /// prepare() without upstream, as try_fill().
  [[nodiscard]] std::span<std::byte> try_prepare(std::size_t bytes) noexcept {
    if (!cursor_.fits(bytes) && !source().try_grow(bytes)) [[unlikely]] {
      return {};
    }
    return prepared(bytes);
  }
  /// The first `bytes` of what was prepared, and not yet committed, have arrived.
  void commit(std::size_t bytes) noexcept {
    const std::size_t open = cursor_.open();
    check(bytes <= open, "commit", bytes, open);
    cursor_.end += bytes;
    cursor_.prepared_at = cursor_.end;
    cursor_.prepared_bytes = open - bytes;
  }

  /// All that was filled, as a Slice of its own; the buffer starts anew, and what was prepared is void. No
  /// byte moves, no atomic operation. Empty if nothing was filled.
  [[nodiscard]] Slice freeze() noexcept { return freeze(size()); }

  /// The first `bytes` <= size() of it; the rest stays being filled.
  [[nodiscard]] Slice freeze(std::size_t bytes) noexcept {
    check(bytes <= size(), "freeze", bytes, size());
    if (bytes == 0) return {};
    Slice frozen(cursor_.begin, bytes, cursor_.chunk);
    cursor_.begin += bytes;
    ++cursor_.issued;
    if (cursor_.begin == cursor_.end) {
      cursor_.prepared_bytes = 0;
      if (cursor_.is_time_to_pause()) [[unlikely]] {
        cursor_.pause(stats_);
      }
    }
    return frozen;
  }

  /// What is being filled, to be read or changed in place, as decryption does.
  [[nodiscard]] std::span<std::byte> filled() noexcept { return {cursor_.begin, size()}; }
  [[nodiscard]] std::span<const std::byte> filled() const noexcept {
    return {cursor_.begin, size()};
  }
  [[nodiscard]] std::size_t size() const noexcept { return cursor_.size(); }
  [[nodiscard]] bool empty() const noexcept { return cursor_.begin == cursor_.end; }

  /// Forgets what is behind the first `bytes`; never makes it longer.
  void truncate(std::size_t bytes) noexcept {
    if (bytes < size()) {
      annotate::poison_inside(cursor_.begin + bytes, size() - bytes);
      cursor_.end = cursor_.begin + bytes;
    }
    cursor_.prepared_bytes = 0;
  }
  /// Forgets the first `bytes` <= size().
  void consume(std::size_t bytes) noexcept {
    check(bytes <= size(), "consume", bytes, size());
    cursor_.begin += bytes;
  }
  void clear() noexcept { truncate(0); }

  /// Until the next freeze(), consume() or release_idle(), no byte moves and nothing is allocated before size(), with
  /// what is prepared, exceeds `total_bytes`. Throws as fill().
  void reserve(std::size_t total_bytes) {
    if (total_bytes <= size()) return;
    if (total_bytes - size() > cursor_.room()) source().grow(total_bytes - size());
    cursor_.reserved_at = cursor_.begin;
  }

  /// Gives the chunk back if nothing is being filled, so that an idle connection holds no memory; its
  /// slices stay valid. Otherwise does nothing.
  void release_idle() noexcept {
    if (empty()) cursor_.leave(stats_);
  }

  /// Borrows the buffer and keeps its cursor in registers, for a loop of small fills.
  [[nodiscard]] Appender appender() noexcept { return Appender(source()); }

  [[nodiscard]] BufferStats stats() const noexcept {
    BufferStats stats = stats_;
    stats.slices += cursor_.issued;
    if (cursor_.chunk != nullptr && !cursor_.chunk->is_pooled()) {
      stats.upstream_slices += cursor_.issued;
    }
    return stats;
  }

 protected:
  BasicBuffer() = default;
  BasicBuffer(BasicBuffer&& other) noexcept
      : cursor_(std::exchange(other.cursor_, {})), stats_(std::exchange(other.stats_, {})) {}
  BasicBuffer& operator=(BasicBuffer&& other) noexcept {
    if (this == &other) return *this;
    cursor_.leave(stats_);
    cursor_ = std::exchange(other.cursor_, {});
    stats_ = std::exchange(other.stats_, {});
    return *this;
  }
  /// Returns at once, also with live slices: whoever drops the last one gives the chunk back.
  ~BasicBuffer() { cursor_.leave(stats_); }

  detail::FillCursor cursor_;
  BufferStats stats_;

 private:
  [[nodiscard]] Source& source() noexcept { return static_cast<Source&>(*this); }

  [[nodiscard]] std::span<std::byte> append(std::size_t bytes) noexcept {
    std::byte* const at = cursor_.end;
    annotate::unpoison(at, bytes);
    cursor_.end = at + bytes;
    return {at, bytes};
  }
  [[nodiscard]] std::span<std::byte> prepared(std::size_t bytes) noexcept {
    cursor_.prepared_at = cursor_.end;
    cursor_.prepared_bytes = bytes;
    annotate::unpoison(cursor_.end, bytes);
    return {cursor_.end, bytes};
  }

  static void check(bool valid, const char* operation, std::size_t asked,
                    std::size_t most) noexcept {
    if (!valid) [[unlikely]] {
      detail::fail("bufferpool: a buffer's %s(%zu): at most %zu bytes are there to %s", operation,
                   asked, most, operation);
    }
  }
};

/// Fills a buffer from a loop: its cursor lives in registers, not in the buffer, whose other functions
/// are not to be called before the appender is gone.
template <class Source>
class BasicBuffer<Source>::Appender {
 public:
  explicit Appender(Source& buffer) noexcept
      : buffer_(buffer), end_(buffer.cursor_.end), limit_(buffer.cursor_.limit) {}
  Appender(const Appender&) = delete;
  Appender& operator=(const Appender&) = delete;
  ~Appender() { write_back(); }

  /// As BasicBuffer::fill().
  [[nodiscard]] std::span<std::byte> fill(std::size_t bytes) {
    if (!detail::FillCursor::fits(end_, limit_, bytes)) [[unlikely]] {
      grow(bytes);
    }
    std::byte* const at = end_;
    annotate::unpoison(at, bytes);
    end_ = at + bytes;
    return {at, bytes};
  }

 private:
  /// At the end of its life, grow() having returned or thrown, the appender is where the buffer is.
  struct ReadBack {
    Appender& appender;
    ~ReadBack() {
      appender.end_ = appender.buffer_.cursor_.end;
      appender.limit_ = appender.buffer_.cursor_.limit;
    }
  };

  void write_back() noexcept { buffer_.cursor_.end = end_; }
  void grow(std::size_t bytes) {
    write_back();
    const ReadBack read_back{*this};
    buffer_.grow(bytes);
  }

  Source& buffer_;
  std::byte* end_;
  std::byte* limit_;
};

}  // namespace bufferpool
