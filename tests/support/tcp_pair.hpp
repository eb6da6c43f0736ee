// Two ends of a TCP connection whose kernel buffers are small, for tests of the proxy.
#pragma once

#include <boost/asio/ip/address_v4.hpp>

#include "socket.hpp"

namespace proxy::test {

struct TcpPair {
  explicit TcpPair(asio::io_context& io) : near(io), far(io) {
    Acceptor acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    far.open(tcp::v4());
    far.set_option(Socket::receive_buffer_size(4096));
    far.connect(acceptor.local_endpoint());
    near = acceptor.accept();
    near.set_option(Socket::send_buffer_size(4096));
    near.non_blocking(true);
  }

  Socket near, far;
};

}  // namespace proxy::test
