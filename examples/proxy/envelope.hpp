// What travels between the threads of the clients and the thread of the upstream connection.
#pragma once

#include <cstdint>

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

}  // namespace proxy
