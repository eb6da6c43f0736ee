// What the threads of the proxy share; it outlives them.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "held_bytes.hpp"
#include "limits.hpp"
#include "upstream_load.hpp"
#include <bufferpool/buffer.hpp>

namespace proxy {

template <bufferpool::FillBuffer Buffer>
struct Common {
  std::function<Buffer()> make_buffer;
  Limits limits;
  std::vector<std::string> vouched;  // commands, as judge() takes them
  UpstreamLoad load;
  HeldBytes held;
  std::atomic<std::uint32_t> connections = 0;
  std::function<void()> shed_clients = {};  // any thread: asks all lanes to shed()
};

}  // namespace proxy
