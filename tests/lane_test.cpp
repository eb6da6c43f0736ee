// A thread of the proxy that has no memory for what a client sends.
#include "lane.hpp"

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "support/tcp_pair.hpp"
#include "support/watched_resource.hpp"
#include <bufferpool/system_buffer.hpp>

namespace proxy {
namespace {

using bufferpool::SystemBuffer;
using bufferpool::test::WatchedResource;

class LaneTest : public testing::Test {
 protected:
  /// Runs what can run without waiting for anyone.
  void poll() {
    while (lane_.io().poll() + upstream_io_.poll() > 0) continue;
  }

  WatchedResource memory_;
  Common<SystemBuffer> common_{[this] { return SystemBuffer(&memory_); },
                               Limits{},
                               {},
                               Backlog(Limits{}.upstream_bytes),
                               Backlog(Limits{}.reply_backlog_bytes),
                               HeldBytes(Limits{}.drop_total_bytes, 1)};
  asio::io_context upstream_io_{1};
  std::uint32_t forwarded_ = 0;
  Mailbox<Envelope> upstream_{upstream_io_, [this](std::vector<Envelope>& batch) {
                                for (const Envelope& envelope : batch)
                                  forwarded_ += envelope.commands;
                              }};
  Lane<SystemBuffer> lane_{0, common_, upstream_};
  test::TcpPair ends_{lane_.io()};
};

TEST_F(LaneTest, commands_before_the_one_there_is_no_memory_for_are_forwarded) {
  // The first read is filled, so that there is a second one, whose room needs more memory.
  const std::string whole = "*1\r\n$4\r\nPING\r\n";
  std::string sent = whole + whole + "*2\r\n$4\r\nECHO\r\n$100000\r\n";
  sent.resize(FrameReader<SystemBuffer>::read_bytes, 'x');
  ends_.near.set_option(Socket::receive_buffer_size(1 << 20));
  asio::write(ends_.far, asio::buffer(sent));
  common_.connections = 1;
  memory_.fail_at(2);
  lane_.adopt(std::move(ends_.near));
  poll();
  EXPECT_EQ(common_.connections, 0u);
  EXPECT_EQ(forwarded_, 2u);
}

}  // namespace
}  // namespace proxy
