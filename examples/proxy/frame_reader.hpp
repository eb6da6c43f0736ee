// Reads from a socket into a buffer and cuts frames out of it: what both ends of the proxy do. The
// buffer holds the run (whole frames that were kept), then what is not decoded yet. A run leaves as
// one slice, without a copy. Nothing is held while there is nothing undecoded: release_idle().
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include <boost/asio/buffer.hpp>

#include "resp_decoder.hpp"
#include "socket.hpp"
#include <bufferpool/buffer.hpp>
#include <bufferpool/slice.hpp>

namespace proxy {

template <bufferpool::FillBuffer Buffer>
class FrameReader {
 public:
  /// What one read asks for. A read that fills its room is likely to be followed by another.
  static constexpr std::size_t read_bytes = 16 * 1024;

  FrameReader(Buffer buffer, RespDecoder decoder) noexcept
      : buffer_(std::move(buffer)), decoder_(decoder) {}

  /// One read, without waiting. True if there may be more to read. The run is empty.
  bool read_from(Socket& socket, ErrorCode& error) {
    const std::span<std::byte> room = buffer_.prepare(room_bytes());
    const std::size_t arrived = socket.read_some(asio::buffer(room.data(), room.size()), error);
    buffer_.commit(arrived);
    return arrived == room.size();
  }

  /// Decodes the next frame. The caller keeps it, or takes the run and drops it, before the one
  /// after it.
  Decoded decode() {
    const Decoded next = decoder_.feed(undecoded());
    least_frame_bytes_ = next.status == DecodeStatus::need_more ? next.bytes : 0;
    return next;
  }

  std::span<const std::byte> undecoded() { return buffer_.filled().subspan(run_bytes_); }

  void keep(std::size_t frame_bytes) noexcept { run_bytes_ += frame_bytes; }
  bufferpool::Slice take_run() {
    bufferpool::Slice run = buffer_.freeze(std::exchange(run_bytes_, 0));
    const bool is_large = run.size() >= small_rest_bytes && run.size() > buffer_.size();
    if (is_large && buffer_.size() > 0) leave_chunk();
    return run;
  }

  /// Throws away a frame that follows an empty run.
  void drop(std::size_t frame_bytes) { buffer_.consume(frame_bytes); }

  void discard_all() {
    buffer_.clear();
    decoder_.reset();
    run_bytes_ = least_frame_bytes_ = 0;
  }

  void release_idle() {
    if (buffer_.size() == 0) buffer_.release_idle();
  }

  const Buffer& buffer() const noexcept { return buffer_; }

 private:
  /// What follows a run that is shorter would pin its chunk, of a slot or not many more.
  static constexpr std::size_t small_rest_bytes = 64 * 1024;

  /// What is not decoded, a few bytes, would pin the whole chunk of a large run.
  void leave_chunk() {
    const bufferpool::Slice rest = buffer_.freeze();
    buffer_.release_idle();
    std::ranges::copy(rest, buffer_.fill(rest.size()).begin());
  }

  /// A large frame's room doubles until it is all there: what was announced is not believed at
  /// once, and yet every byte moves only once on average.
  std::size_t room_bytes() const noexcept {
    const std::size_t size = buffer_.size();
    const std::size_t missing = least_frame_bytes_ > size ? least_frame_bytes_ - size : 0;
    return std::max(read_bytes, std::min(missing, size));
  }

  Buffer buffer_;
  RespDecoder decoder_;
  std::size_t run_bytes_ = 0;
  std::size_t least_frame_bytes_ = 0;
};

}  // namespace proxy
