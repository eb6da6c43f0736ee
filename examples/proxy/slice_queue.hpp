// Slices that wait to be written to a socket, in order: scatter/gather, without waiting for the
// peer.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <utility>

#include <boost/asio/buffer.hpp>

#include "queue.hpp"
#include "socket.hpp"
#include <bufferpool/slice.hpp>

namespace proxy {

class SliceQueue {
 public:
  using Store = NodeStore<bufferpool::Slice>;

  explicit SliceQueue(Store& store) noexcept : slices_(store) {}

  void push(bufferpool::Slice&& slice) {
    bytes_ += slice.size();
    slices_.push(std::move(slice));
  }

  /// Takes the slice behind the first one out; there is one.
  bufferpool::Slice pop_second() noexcept {
    bufferpool::Slice second = slices_.pop_second();
    bytes_ -= second.size();
    return second;
  }

  std::size_t bytes() const noexcept { return bytes_; }
  /// Of the first slice; there is one.
  std::size_t first_bytes() noexcept { return slices_.front().size(); }
  /// With those of the first slice that were written: it keeps its memory until all of it is.
  std::size_t kept_bytes() const noexcept { return bytes_ + written_of_first_; }

  /// Writes until nothing is left, the peer takes no more (would_block) or the connection fails.
  /// What was written is dropped at once. Returns how many bytes that was.
  std::size_t write_to(Socket& socket, ErrorCode& error) {
    const std::size_t before = bytes_;
    error = {};
    while (!slices_.empty() && !error) {
      std::array<asio::const_buffer, max_parts> parts;
      drop(socket.write_some(gather(parts), error));
    }
    return before - bytes_;
  }

 private:
  /// As many as one call takes: Asio passes no more than 64 to sendmsg().
  static constexpr std::size_t max_parts = 64;
  using Parts = std::span<const asio::const_buffer>;

  Parts gather(std::array<asio::const_buffer, max_parts>& parts) {
    std::size_t count = 0;
    for (auto* node = slices_.first(); node != nullptr && count < max_parts; node = node->next) {
      parts[count++] = asio::const_buffer(node->value.data(), node->value.size());
    }
    return Parts(parts).first(count);
  }

  void drop(std::size_t bytes) {
    bytes_ -= bytes;
    while (!slices_.empty() && slices_.front().size() <= bytes) {
      bytes -= slices_.front().size();
      slices_.pop();
      written_of_first_ = 0;
    }
    if (bytes == 0) return;
    slices_.front().remove_prefix(bytes);
    written_of_first_ += bytes;
  }

  Queue<bufferpool::Slice> slices_;
  std::size_t bytes_ = 0;
  std::size_t written_of_first_ = 0;
};

}  // namespace proxy
