// One client of the load: sends a burst of commands, checks every byte of every reply, sends the
// next. Used by one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "frame_reader.hpp"
#include "histogram.hpp"
#include "options.hpp"
#include "socket.hpp"
#include "text_output.hpp"
#include "workload.hpp"
#include <bufferpool/system_buffer.hpp>

namespace proxy {

using Clock = std::chrono::steady_clock;

inline std::uint64_t nanoseconds(Clock::duration duration) {
  return static_cast<std::uint64_t>(std::chrono::nanoseconds(duration).count());
}

/// What all clients of the load have come to.
struct Tally {
  Histogram latencies;
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint64_t wrong = 0;
  std::uint64_t open = 0;  // clients
  bool draining = false;
};

class LoadClient {
 public:
  LoadClient(Tally& tally, Socket socket, const Workload& workload, const Options& options)
      : tally_(tally),
        socket_(std::move(socket)),
        workload_(workload),
        reader_(bufferpool::SystemBuffer(),
                RespDecoder(Direction::reply, 2 * options.value_bytes + 1024)),
        pipeline_(options.pipeline) {
    ++tally_.open;
  }

  void start() {
    send_burst();
    wait_to_read();
  }

 private:
  void send_burst() {
    burst_started_ = Clock::now();
    for (std::uint64_t i = 0; i < pipeline_; ++i) workload_.append_command(sent_++, output_.text());
    tally_.sent += pipeline_;
    write();
  }

  void say_farewell() {
    said_farewell_ = true;
    workload_.append_farewell(output_.text());
    ++tally_.sent;
    write();
  }

  void write() {
    const ErrorCode error = output_.write_to(socket_);
    if (would_block(error)) {
      socket_.async_wait(Socket::wait_write, [this](ErrorCode failed) {
        if (!failed) write();
      });
    } else if (error) {
      close();
    }
  }

  void wait_to_read() {
    socket_.async_wait(Socket::wait_read, [this](ErrorCode failed) {
      if (!failed) read();
    });
  }

  void read() {
    ErrorCode error;
    reader_.read_from(socket_, error);
    const std::uint64_t before = tally_.received;
    const bool readable = check_replies();
    tally_.latencies.add(nanoseconds(Clock::now() - burst_started_), tally_.received - before);
    if (!readable || (error && !would_block(error))) return close();
    if (received_ == sent_ && !tally_.draining) send_burst();
    if (received_ == sent_ && tally_.draining && !said_farewell_) say_farewell();
    if (received_ > sent_) return close();
    if (socket_.is_open()) wait_to_read();
  }

  /// False if what comes is no reply, so that there is no telling where the next one starts.
  bool check_replies() {
    while (true) {
      const Decoded reply = reader_.decode();
      if (reply.status == DecodeStatus::need_more) return true;
      if (reply.status == DecodeStatus::malformed) return ++tally_.wrong, false;
      check(reader_.undecoded().first(reply.bytes));
      reader_.drop(reply.bytes);
    }
  }

  void check(std::span<const std::byte> reply) {
    expected_.clear();
    if (received_ < sent_) workload_.append_reply(received_, expected_);
    if (received_ == sent_ && said_farewell_) workload_.append_farewell_reply(sent_, expected_);
    ++received_;
    ++tally_.received;
    const std::string_view text(reinterpret_cast<const char*>(reply.data()), reply.size());
    if (text != expected_) ++tally_.wrong;
  }

  void close() {
    if (!socket_.is_open()) return;
    ErrorCode ignored;
    socket_.close(ignored);
    --tally_.open;
  }

  Tally& tally_;
  Socket socket_;
  Workload workload_;
  FrameReader<bufferpool::SystemBuffer> reader_;
  TextOutput output_;
  std::string expected_;
  Clock::time_point burst_started_;
  std::uint64_t pipeline_;
  std::uint64_t sent_ = 0, received_ = 0;  // the farewell is received, but not counted as sent
  bool said_farewell_ = false;
};

}  // namespace proxy
