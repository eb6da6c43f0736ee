// What travels between the threads of the clients and the thread of the upstream connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <bufferpool/slice.hpp>

namespace proxy {

/// Names a client for as long as it lives and nobody afterwards: an index is used again with
/// another generation, so that a late reply finds no one instead of its successor.
struct ClientId {
  std::uint32_t lane = 0;
  std::uint32_t index = 0;
  std::uint32_t generation = 0;
};

enum class Content : std::uint8_t {
  commands,      // to be sent upstream
  answer,        // to be delivered to the client, after the replies to its earlier commands
  final_answer,  // the same, then its connection is closed
};

struct Envelope {
  ClientId client;
  std::uint32_t commands = 0;  // how many the bytes ask, or answer
  Content content = Content::commands;
  bufferpool::Slice bytes;
};

/// What the commands among them have to send.
inline std::size_t command_bytes(const std::vector<Envelope>& envelopes) noexcept {
  std::size_t bytes = 0;
  for (const Envelope& envelope : envelopes) {
    if (envelope.content == Content::commands) bytes += envelope.bytes.size();
  }
  return bytes;
}

inline std::size_t all_bytes(const std::vector<Envelope>& envelopes) noexcept {
  std::size_t bytes = 0;
  for (const Envelope& envelope : envelopes) bytes += envelope.bytes.size();
  return bytes;
}

}  // namespace proxy
