// What the threads of the proxy share; it outlives them.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "backlog.hpp"
#include "held_bytes.hpp"
#include "limits.hpp"
#include <bufferpool/buffer.hpp>

namespace proxy {

template <bufferpool::FillBuffer Buffer>
struct Common {
  std::function<Buffer()> make_buffer;
  Limits limits;
  std::vector<std::string> vouched;  // commands, as judge() takes them
  Backlog requests;                  // until they are written upstream: clients are not read
  Backlog replies;                   // until the clients' threads have them: the server is not read
  HeldBytes held;
  std::atomic<std::uint32_t> connections = 0;
  // Any thread:
  std::function<void()> shed_clients = {};  // asks all lanes to shed()
  std::function<void()> read_server = {};   // asks the upstream link to read_on()
};

}  // namespace proxy
