// The bytes that come in on one connection: frames, each a length in four bytes and so many bytes of
// payload. Stands where the socket would, and costs every system the same copy.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "mix.hpp"

namespace traffic_bench {

inline constexpr std::size_t header_bytes = sizeof(std::uint32_t);

/// Of the frame that `bytes` begin with, header and payload; 0 while its header is not all there.
inline std::size_t frame_bytes(std::span<const std::byte> bytes) {
  std::uint32_t payload_bytes = 0;
  if (bytes.size() < header_bytes) return 0;
  std::memcpy(&payload_bytes, bytes.data(), header_bytes);
  return header_bytes + payload_bytes;
}

inline std::span<const std::byte> payload_source() {
  static const std::vector<std::byte> source(longest_message_bytes, std::byte{'x'});
  return source;
}

class Wire {
 public:
  explicit Wire(std::size_t first_frame) : frame_(first_frame) { begin_frame(); }

  /// What a socket would have: the rest of a frame and up to two more; now and then they stop
  /// anywhere. At most so much that a frame of a MiB takes many reads.
  void arrive(std::uint32_t chance) {
    constexpr std::size_t socket_bytes = 65536;
    arrived_bytes_ = left_of_frame();
    for (std::uint32_t more = 1; more <= chance % 3; ++more) {
      arrived_bytes_ += header_bytes + message_lengths()[frame_ + more];
    }
    if (chance % 8 == 0) arrived_bytes_ = 1 + (chance >> 8) % arrived_bytes_;
    arrived_bytes_ = std::min(arrived_bytes_, socket_bytes);
  }
  [[nodiscard]] std::size_t arrived_bytes() const { return arrived_bytes_; }
  [[nodiscard]] bool is_within_frame() const { return offset_ > 0; }

  /// As read(2): at most as many bytes as have arrived. Returns how many.
  std::size_t read(std::span<std::byte> into) {
    std::size_t done = 0;
    while (done < into.size() && arrived_bytes_ > 0) {
      const std::size_t piece =
          std::min({into.size() - done, arrived_bytes_, left_of_frame(), bytes_at_once()});
      std::memcpy(into.data() + done, here(), piece);
      done += piece;
      advance(piece);
    }
    return done;
  }

 private:
  [[nodiscard]] std::size_t left_of_frame() const {
    return header_bytes + payload_bytes_ - offset_;
  }
  /// Up to the end of the header, or of the payload.
  [[nodiscard]] std::size_t bytes_at_once() const {
    return offset_ < header_bytes ? header_bytes - offset_ : payload_bytes_;
  }
  [[nodiscard]] const std::byte* here() const {
    if (offset_ >= header_bytes) return payload_source().data() + (offset_ - header_bytes);
    return reinterpret_cast<const std::byte*>(&payload_bytes_) + offset_;
  }

  void begin_frame() {
    offset_ = 0;
    payload_bytes_ = message_lengths()[frame_];
  }
  void advance(std::size_t bytes) {
    offset_ += bytes;
    arrived_bytes_ -= bytes;
    if (left_of_frame() > 0) return;
    ++frame_;
    begin_frame();
  }

  std::size_t frame_;
  std::uint32_t payload_bytes_ = 0;
  std::size_t offset_ = 0;
  std::size_t arrived_bytes_ = 0;
};

}  // namespace traffic_bench
