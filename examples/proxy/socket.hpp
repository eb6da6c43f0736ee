// The Boost.Asio types in use: sockets bound to one io_context, without a type-erased executor in
// each.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace proxy {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Socket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;
using Acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;

inline bool would_block(ErrorCode error) {
  return error == asio::error::would_block || error == asio::error::try_again;
}

}  // namespace proxy
