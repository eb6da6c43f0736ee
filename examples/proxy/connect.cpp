#include "connect.hpp"

#include <stdexcept>

#include <boost/asio/connect.hpp>

#include "options.hpp"

namespace proxy {

Socket connect_to(asio::io_context& io, const std::string& host_and_port) {
  const HostPort peer = parse_host_port(host_and_port);
  try {
    tcp::resolver resolver(io);
    asio::basic_stream_socket<tcp> socket(io);
    const tcp::endpoint address = asio::connect(socket, resolver.resolve(peer.host, peer.port));
    socket.set_option(tcp::no_delay(true));
    return Socket(io, address.protocol(), socket.release());
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error("cannot connect to " + host_and_port + ": " + error.code().message());
  }
}

}  // namespace proxy
