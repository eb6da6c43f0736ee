// What a client may make the proxy hold. The defaults are those of the command line.
#pragma once

#include <cstddef>
#include <cstdint>

namespace proxy {

struct Limits {
  std::size_t frame_bytes = 64u << 20;
  /// A longer reply counts as malformed, and ends the connection that all clients share: hence much
  /// more than a command may be.
  std::size_t reply_bytes = 4ull << 30;
  /// A client is not read while more than this waits to be written to it.
  std::size_t outbound_bytes = 1u << 20;
  /// A client that lets more than this wait, and the largest reply besides, is closed: replies come
  /// in order for all, so that those of a client which does not read cannot be left upstream.
  std::size_t drop_bytes = 256u << 20;
  /// When all clients together make the proxy hold more than this, replies unread and commands
  /// unfinished, each of their threads closes those of its clients with most, until it holds no more
  /// than its part. So one reply or command beyond it closes its client, also if that reads.
  std::size_t drop_total_bytes = 1u << 30;
  /// No client is read while more than this waits to be written upstream.
  std::size_t upstream_bytes = 16u << 20;
  /// The server is not read while more than this waits for the clients' threads.
  std::size_t reply_backlog_bytes = 16u << 20;
  /// A client that is owed this many replies has no further command forwarded. All clients wait for
  /// the replies to one that asks for much.
  std::uint32_t commands_in_flight = 128;
  std::uint32_t connections = 10'000;
};

}  // namespace proxy
