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

  /// Takes the first one out; there is one.
  bufferpool::Slice pop() noexcept {
    bufferpool::Slice first = std::move(slices_.front());
    slices_.pop();
    bytes_ -= first.size();
    return first;
  }

  std::size_t bytes() const noexcept { return bytes_; }

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
    }
    if (bytes > 0) slices_.front().remove_prefix(bytes);
  }

  Queue<bufferpool::Slice> slices_;
  std::size_t bytes_ = 0;
};

}  // namespace proxy
