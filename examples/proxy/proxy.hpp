// The proxy as a whole: a listener, lanes that serve clients, and the link upstream. The listener
// and the link run on the thread that calls run(), each lane on its own.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "connect.hpp"
#include "control.hpp"
#include "heap_count.hpp"
#include "lane.hpp"
#include "listener.hpp"
#include "options.hpp"
#include "process.hpp"
#include "upstream_link.hpp"
#include <bufferpool/buffer.hpp>

namespace proxy {

template <bufferpool::FillBuffer Buffer>
class Proxy {
 public:
  /// Connects upstream and listens; throws std::runtime_error if either cannot be done.
  Proxy(const Options& options, std::function<Buffer()> make_buffer)
      : common_{std::move(make_buffer),
                limits_of(options),
                options.allowed,
                Backlog(options.upstream_bytes),
                Backlog(Limits().reply_backlog_bytes),
                HeldBytes(options.drop_total_bytes, options.io_threads)},
        link_(common_, {[this] { resume_clients(); },
                        [this](const std::string& reason) { lose_upstream(reason); }}),
        lanes_(make_lanes(options.io_threads)),
        listener_(
            link_.io(),
            {asio::ip::make_address(options.bind), static_cast<std::uint16_t>(options.listen)},
            [this] { return next_place(); }),
        farewell_(link_.io()) {
    common_.shed_clients = [this] { shed_clients(); };
    common_.read_server = [this] { asio::post(link_.io(), [this] { link_.read_on(); }); };
    std::vector<Mailbox<Envelope>*> mailboxes;
    for (auto& lane : lanes_) mailboxes.push_back(&lane->answers());
    link_.start(connect_to(link_.io(), options.upstream), std::move(mailboxes));
  }

  asio::io_context& io() noexcept { return link_.io(); }
  std::uint16_t port() const { return listener_.port(); }

  /// Until stop(); returns the exit status.
  int run() {
    std::vector<std::thread> threads;
    run_part([this, &threads] {
      for (auto& lane : lanes_)
        threads.emplace_back([this, &lane = *lane] { run_part([&lane] { lane.run(); }); });
      link_.io().run();
    });
    for (auto& lane : lanes_) lane->stop();
    for (std::thread& thread : threads) thread.join();
    return status_;
  }

  void stop() { link_.io().stop(); }

  Figures figures() const {
    return {{"commands", link_.commands_answered()},
            {"heap_allocations", heap_allocations()},
            {"connections", common_.connections},
            {"accepted", listener_.accepted()},
            {"refused", listener_.refused()},
            {"resident_bytes", resident_bytes()},
            {"peak_resident_bytes", peak_resident_bytes()}};
  }

 private:
  using Lanes = std::vector<std::unique_ptr<Lane<Buffer>>>;

  /// On each thread. What it throws ends them all.
  template <class Part>
  void run_part(Part part) {
    try {
      part();
    } catch (const std::exception& error) {
      status_ = 1;
      say_failed(error);
      stop();
    }
  }

  Lanes make_lanes(std::uint64_t count) {
    Lanes lanes;
    for (std::uint32_t i = 0; i < count; ++i) {
      lanes.push_back(std::make_unique<Lane<Buffer>>(i, common_, link_.inbox()));
    }
    return lanes;
  }

  Listener::Place next_place() {
    if (common_.connections >= common_.limits.connections) return {};
    Lane<Buffer>& lane = *lanes_[next_lane_];
    return {&lane.io(), [this, &lane](Socket client) {
              ++common_.connections;
              next_lane_ = (next_lane_ + 1) % lanes_.size();
              asio::post(lane.io(), [&lane, client = std::move(client)]() mutable {
                lane.adopt(std::move(client));
              });
            }};
  }

  void resume_clients() {
    for (auto& lane : lanes_) asio::post(lane->io(), [&lane = *lane] { lane.resume(); });
  }

  void shed_clients() {
    for (auto& lane : lanes_) asio::post(lane->io(), [&lane = *lane] { lane.shed(); });
  }

  /// There is no second try: the replies that were owed are gone, and whoever starts the proxy
  /// again knows better whether the server is back.
  void lose_upstream(const std::string& reason) {
    status_ = 1;
    say("failed lost the upstream connection: " + reason);
    listener_.close();
    for (auto& lane : lanes_) {
      asio::post(lane->io(), [&lane = *lane] {
        lane.abandon_all("-ERR the proxy lost its upstream connection\r\n");
      });
    }
    farewell_.expires_after(std::chrono::milliseconds(500));
    farewell_.async_wait([this](ErrorCode) { stop(); });
  }

  Common<Buffer> common_;
  UpstreamLink<Buffer> link_;
  Lanes lanes_;
  std::size_t next_lane_ = 0;
  Listener listener_;
  asio::steady_timer farewell_;
  std::atomic<int> status_ = 0;
};

}  // namespace proxy
