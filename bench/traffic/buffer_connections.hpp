// A connection that decodes out of a buffer that it reads into: no byte is copied to become a message.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "bufferpool/buffer.hpp"
#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/system_buffer.hpp"
#include "proxy_pool.hpp"
#include "wire.hpp"

namespace traffic_bench {

/// What is read at once where nothing is known of how much will come.
inline constexpr std::size_t read_bytes = 4096;

/// The frame that `buffer` begins with is longer than a read.
template <class Buffer>
bool is_long(const Buffer& buffer) {
  return frame_bytes(buffer.filled()) > read_bytes;
}

/// What is half read goes from one buffer to another, which has room for all of the frame then.
template <bufferpool::FillBuffer Buffer>
void move_rest(Buffer& from, Buffer& to) {
  const std::span<const std::byte> rest = std::as_const(from).filled();
  to.reserve(std::max(rest.size(), frame_bytes(rest)));
  std::ranges::copy(rest, to.fill(rest.size()).begin());
  from.clear();
}

/// Short frames are read into the thread's buffer, so that the messages of all connections lie one behind
/// the other; a long one into the connection's own, which gets memory of just its length. Between two
/// reads what is half read waits in the connection's own buffer. Else that holds no memory.
template <class Buffer>
class BufferConnection {
 public:
  BufferConnection(Buffer own, Buffer& of_thread) : own_(std::move(own)), of_thread_(&of_thread) {}

  template <class Send>
  void receive(Wire& wire, const Send& send) {
    if (!own_.empty() && !is_long(own_)) {
      move_rest(own_, *of_thread_);
      own_.release_idle();
    }
    while (wire.arrived_bytes() > 0) {
      if (own_.empty()) {
        read_frames(wire, send);
      } else {
        read_rest(wire, send);
      }
    }
    if (!of_thread_->empty()) move_rest(*of_thread_, own_);
  }

 private:
  template <class Send>
  void read_frames(Wire& wire, const Send& send) {
    Buffer& buffer = *of_thread_;
    buffer.commit(wire.read(buffer.prepare(read_bytes)));
    std::size_t frame = frame_bytes(buffer.filled());
    while (frame != 0 && frame <= buffer.size()) {
      send(buffer.freeze(frame));
      frame = frame_bytes(buffer.filled());
    }
    if (is_long(buffer)) move_rest(buffer, own_);
  }

  template <class Send>
  void read_rest(Wire& wire, const Send& send) {
    const std::size_t frame = frame_bytes(own_.filled());
    own_.commit(wire.read(own_.prepare(frame - own_.size())));
    if (own_.size() < frame) return;
    send(own_.freeze());
    own_.release_idle();
  }

  Buffer own_;
  Buffer* of_thread_;
};

class BufferPoolSystem {
 public:
  static constexpr const char* name = "BufferPool";
  using Message = bufferpool::Slice;
  using Connection = BufferConnection<bufferpool::BufferPool>;
  BufferPoolSystem() : BufferPoolSystem(proxy_pool()) {}
  [[nodiscard]] Connection connect() { return {bufferpool::BufferPool(pool_), of_thread_}; }

 protected:
  explicit BufferPoolSystem(bufferpool::SlotPool pool) : pool_(std::move(pool)) {}

 private:
  bufferpool::SlotPool pool_;
  bufferpool::BufferPool of_thread_{pool_};
};

/// With the default slots.
class UsualSlotsSystem : public BufferPoolSystem {
 public:
  static constexpr const char* name = "BufferPool_64k_slots";
  UsualSlotsSystem() : BufferPoolSystem(proxy_pool(bufferpool::SlotPoolOptions().slot_bytes)) {}
};

class SystemBufferSystem {
 public:
  static constexpr const char* name = "SystemBuffer";
  using Message = bufferpool::Slice;
  using Connection = BufferConnection<bufferpool::SystemBuffer>;
  [[nodiscard]] Connection connect() { return {bufferpool::SystemBuffer(), of_thread_}; }

 private:
  bufferpool::SystemBuffer of_thread_;
};

}  // namespace traffic_bench
