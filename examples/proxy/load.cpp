// The load's process: connects, warms up, measures, then waits for every reply that is still owed.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "connect.hpp"
#include "control.hpp"
#include "load_client.hpp"
#include "process.hpp"
#include "roles.hpp"
#include "socket.hpp"

namespace proxy {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds tick{200};
/// A reply that has not come this long after the last command is lost.
constexpr std::chrono::seconds patience{10};

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options), timer_(io_), control_(io_, [this](std::string_view line) {
          if (line == "stop") io_.stop();
        }) {
    for (std::uint64_t i = 0; i < options.connections; ++i) add_client(i);
  }

  int run() {
    started_ = Clock::now();
    for (auto& client : clients_) client->start();
    wait(&Load::warm_up);
    io_.run();
    return 0;
  }

 private:
  void add_client(std::uint64_t connection) {
    Socket socket = connect_to(io_, options_.upstream);
    socket.non_blocking(true);
    const Workload workload({static_cast<std::uint64_t>(::getpid()), connection},
                            options_.value_bytes);
    clients_.push_back(std::make_unique<LoadClient>(tally_, std::move(socket), workload, options_));
  }

  void wait(void (Load::*then)()) {
    timer_.expires_after(tick);
    timer_.async_wait([this, then](ErrorCode) { (this->*then)(); });
  }

  /// Connections, queues and buffers are to have their size before anything is measured.
  void warm_up() {
    if (tally_.open == 0) return fail();
    if (Clock::now() - started_ <
        milliseconds(std::min<std::uint64_t>(1000, options_.seconds * 250))) {
      return wait(&Load::warm_up);
    }
    say("steady");
    tally_.latencies = Histogram();
    started_ = Clock::now();
    received_before_ = tally_.received;
    wait(&Load::measure);
  }

  void measure() {
    if (tally_.open == 0) return fail();
    const auto elapsed = Clock::now() - started_;
    const std::uint64_t replies = tally_.received - received_before_;
    if (elapsed < std::chrono::seconds(options_.seconds)) {
      say("progress " + std::to_string(nanoseconds(elapsed) / 1'000'000) + " " +
          std::to_string(replies));
      return wait(&Load::measure);
    }
    figures_ = {{"nanoseconds", nanoseconds(elapsed)},
                {"replies", replies},
                {"p50", tally_.latencies.quantile(500)},
                {"p99", tally_.latencies.quantile(990)},
                {"p999", tally_.latencies.quantile(999)}};
    say("draining");
    tally_.draining = true;
    started_ = Clock::now();
    wait(&Load::drain);
  }

  void drain() {
    if (tally_.open > 0 && Clock::now() - started_ < patience) return wait(&Load::drain);
    figures_.emplace_back("checked", tally_.received);
    figures_.emplace_back("wrong", tally_.wrong);
    figures_.emplace_back("lost", tally_.sent - std::min(tally_.sent, tally_.received));
    say(figures_);  // and stays: a part that ends by itself has failed
  }

  void fail() {
    say("failed every connection was closed");
    io_.stop();
  }

  Options options_;
  asio::io_context io_{1};
  asio::steady_timer timer_;
  Control control_;
  Tally tally_;
  std::vector<std::unique_ptr<LoadClient>> clients_;
  Clock::time_point started_;
  std::uint64_t received_before_ = 0;
  Figures figures_;
};

/// Sends a PING and waits for the whole of its reply.
void ping(Socket& socket) {
  constexpr std::string_view command = "PING\r\n", expected = "+PONG\r\n";
  asio::write(socket, asio::buffer(command));
  std::string reply(expected.size(), '\0');
  asio::read(socket, asio::buffer(reply));
  if (reply != expected) throw std::runtime_error("a PING was answered with " + reply);
}

void keep_idle(const Options& options) {
  asio::io_context io(1);
  std::vector<Socket> sockets;
  for (std::uint64_t i = 0; i < options.idle; ++i) {
    sockets.push_back(connect_to(io, options.upstream));
    ping(sockets.back());
  }
  std::this_thread::sleep_for(
      tick);  // the proxy has written the last reply, but may not be done yet
  say("idle");
  Control control(io, [&io](std::string_view line) {
    if (line == "stop") io.stop();
  });
  io.run();
}

/// Runs a part, and tells who started it why it could not.
template <class Part>
int say_if_failed(Part part) {
  try {
    return part();
  } catch (const std::exception& error) {
    say_failed(error);
    return 1;
  }
}

}  // namespace

int run_load(const Options& options) {
  return say_if_failed([&options] {
    allow_descriptors(options.connections + spare_descriptors);
    return Load(options).run();
  });
}

int run_idle(const Options& options) {
  return say_if_failed([&options] {
    allow_descriptors(options.idle + spare_descriptors);
    return keep_idle(options), 0;
  });
}

}  // namespace proxy
