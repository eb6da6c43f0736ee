#include "listener.hpp"

#include <array>
#include <chrono>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>

namespace proxy {

Listener::Listener(asio::io_context& io, const tcp::endpoint& address, NextPlace next_place)
    : io_(io), acceptor_(io, address.protocol()), pause_(io), next_place_(std::move(next_place)) {
  listen_on(address);
  wait();
}

void Listener::listen_on(const tcp::endpoint& address) {
  ErrorCode error;
  acceptor_.set_option(tcp::acceptor::reuse_address(true));
  acceptor_.non_blocking(true);
  acceptor_.bind(address, error);
  if (!error) acceptor_.listen(4096, error);
  if (error) {
    throw std::runtime_error("cannot listen on port " + std::to_string(address.port()) + ": " +
                             error.message());
  }
}

void Listener::close() {
  ErrorCode ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

void Listener::wait() {
  acceptor_.async_wait(Acceptor::wait_read, [this](ErrorCode error) {
    if (!error) accept_all();
  });
}

void Listener::accept_all() {
  // Not for ever: the upstream connection may be on the same thread.
  for (int accepted = 0; accepted < 64; ++accepted) {
    const Place place = next_place_();
    if (!accept_one(place)) return;
  }
  wait();
}

/// False if no other client is to be accepted now; then it has seen to it that one will be.
bool Listener::accept_one(const Place& place) {
  ErrorCode error;
  Socket client(place.io != nullptr ? *place.io : io_);
  acceptor_.accept(client, error);
  if (would_block(error)) return wait(), false;
  if (error == asio::error::connection_aborted) return true;
  // Out of descriptors or memory: the client stays in the kernel's queue, and asking again at once
  // is no use.
  if (error) return pause(), false;
  client.non_blocking(true, error);
  client.set_option(tcp::no_delay(true), error);
  if (place.io == nullptr) {
    ++refused_;
    constexpr std::string_view answer = "-ERR max number of clients reached\r\n";
    client.write_some(asio::buffer(answer), error);
    client.shutdown(Socket::shutdown_send, error);
    std::array<char, 4096>
        unread;  // or the kernel would reset the connection, and the answer with it
    client.read_some(asio::buffer(unread), error);
    return true;
  }
  ++accepted_;
  place.adopt(std::move(client));
  return true;
}

void Listener::pause() {
  pause_.expires_after(std::chrono::milliseconds(50));
  pause_.async_wait([this](ErrorCode error) {
    if (!error) wait();
  });
}

}  // namespace proxy
