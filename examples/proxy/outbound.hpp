// Slices that wait to be written to one peer, in order. While the peer takes no more, small ones are
// copied behind each other: seven bytes that wait for long would pin the slot they arrived in.
// Invariant: what is in tail_ follows what is in slices_. While nothing waits, no memory is held.
#pragma once

#include <algorithm>
#include <cstddef>
#include <new>
#include <span>
#include <utility>

#include "slice_queue.hpp"
#include "socket.hpp"
#include <bufferpool/buffer.hpp>
#include <bufferpool/slice.hpp>

namespace proxy {

template <bufferpool::FillBuffer Buffer>
class Outbound {
 public:
  /// What is smaller may pin a multiple of its size. To copy it costs no more than the system call
  /// that writes it.
  static constexpr std::size_t small_bytes = 64 * 1024;

  Outbound(SliceQueue::Store& store, Buffer tail) noexcept
      : slices_(store), tail_(std::move(tail)) {}

  /// By value: what is packed is dropped.
  void push(bufferpool::Slice slice) {
    if (is_blocked_ && slice.size() < small_bytes && pack(slice)) return;
    push_tail();
    slices_.push(std::move(slice));
  }

  std::size_t bytes() const noexcept { return slices_.bytes() + tail_.size(); }
  /// As SliceQueue::kept_bytes().
  std::size_t kept_bytes() const noexcept { return slices_.kept_bytes() + tail_.size(); }

  /// As SliceQueue::write_to().
  std::size_t write_to(Socket& socket, ErrorCode& error) {
    push_tail();
    const std::size_t written = slices_.write_to(socket, error);
    const bool was_blocked = std::exchange(is_blocked_, would_block(error));
    if (is_blocked_ && !was_blocked) pack_all();
    if (was_blocked && !is_blocked_) tail_.release_idle();
    return written;
  }

 private:
  /// The tail stays as short as what is small, so that it seldom moves when it grows. False: there is
  /// no memory for a copy.
  bool pack(std::span<const std::byte> bytes) {
    if (tail_.size() + bytes.size() > small_bytes) push_tail();
    try {
      std::ranges::copy(bytes, tail_.fill(bytes.size()).begin());
    } catch (const std::bad_alloc&) {
      return false;
    }
    return true;
  }

  void push_tail() {
    if (tail_.size() > 0) slices_.push(tail_.freeze());
  }

  /// All but the first one, of which a part may be written.
  void pack_all() {
    for (std::size_t left = slices_.bytes() - slices_.first_bytes(); left > 0;) {
      bufferpool::Slice next = slices_.pop_second();
      left -= next.size();
      push(std::move(next));
    }
  }

  SliceQueue slices_;
  Buffer tail_;
  bool is_blocked_ = false;  // the last write ended before all was written
};

}  // namespace proxy
