// A connection that decodes out of a buffer that it reads into: no byte is copied to become a message.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory_resource>
#include <span>

#include "bufferpool/buffer.hpp"
#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/system_buffer.hpp"
#include "proxy_pool.hpp"
#include "wire.hpp"

namespace traffic_bench {

/// What is read at once where nothing is known of how much will come.
inline constexpr std::size_t read_bytes = 4096;

/// The rest of a long message goes where it belongs in one read.
inline std::size_t wanted_bytes(std::span<const std::byte> filled) {
  const std::size_t frame = frame_bytes(filled);
  return std::max(read_bytes, frame - std::min(frame, filled.size()));
}

template <bufferpool::FillBuffer Buffer, class Send>
void receive_into(Buffer& buffer, Wire& wire, const Send& send) {
  while (wire.arrived_bytes() > 0) {
    buffer.commit(wire.read(buffer.prepare(wanted_bytes(buffer.filled()))));
    for (std::size_t frame = frame_bytes(buffer.filled()); frame != 0 && frame <= buffer.size();
         frame = frame_bytes(buffer.filled())) {
      send(buffer.freeze(frame));
    }
  }
}

/// A buffer a connection, which holds memory only while something is half read. Else the thread's buffer
/// stands in for it, so that the messages of all connections lie one behind the other.
template <class Buffer>
class BufferConnection {
 public:
  BufferConnection(Buffer buffer, Buffer& of_thread)
      : buffer_(std::move(buffer)), of_thread_(&of_thread) {}

  template <class Send>
  void receive(Wire& wire, const Send& send) {
    if (!buffer_.empty()) {
      receive_into(buffer_, wire, send);
      if (buffer_.empty()) buffer_.release_idle();
    } else {
      receive_into(*of_thread_, wire, send);
      if (!of_thread_->empty()) std::swap(buffer_, *of_thread_);
    }
  }

 private:
  Buffer buffer_;
  Buffer* of_thread_;
};

class BufferPoolSystem {
 public:
  static constexpr const char* name = "BufferPool";
  using Message = bufferpool::Slice;
  using Connection = BufferConnection<bufferpool::BufferPool>;
  [[nodiscard]] Connection connect() { return {bufferpool::BufferPool(pool_), of_thread_}; }

 private:
  bufferpool::SlotPool pool_ = proxy_pool();
  bufferpool::BufferPool of_thread_{pool_};
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
