// Connects to a server whose address the user gave.
#pragma once

#include <string>

#include "socket.hpp"

namespace proxy {

/// Waits until it is connected; throws std::runtime_error that names the address and says what is
/// wrong. Small commands are sent at once, not collected.
Socket connect_to(asio::io_context& io, const std::string& host_and_port);

}  // namespace proxy
