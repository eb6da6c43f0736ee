// The one connection that all clients share: writes their requests, and knows whose each reply is,
// because replies come in the order of the requests. Used by one thread, its inbox by any.
// Invariant: owed_ has an envelope for each run of requests not answered in full, in the order
// sent.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common.hpp"
#include "envelope.hpp"
#include "frame_reader.hpp"
#include "mailbox.hpp"
#include "outbound.hpp"
#include "queue.hpp"
#include <bufferpool/buffer.hpp>

namespace proxy {

template <bufferpool::FillBuffer Buffer>
class UpstreamLink {
 public:
  struct Events {
    std::function<void()> resumed;
    std::function<void(std::string reason)> lost;
  };

  UpstreamLink(Common<Buffer>& common, Events events)
      : common_(common),
        events_(std::move(events)),
        inbox_(io_, [this](std::vector<Envelope>& batch) { receive(batch); }),
        reader_(common.make_buffer(), RespDecoder(Direction::reply, common.limits.reply_bytes)),
        outbound_(slices_, common.make_buffer()),
        owed_(envelopes_) {}

  asio::io_context& io() noexcept { return io_; }
  Mailbox<Envelope>& inbox() noexcept { return inbox_; }
  std::uint64_t commands_answered() const noexcept { return commands_answered_; }

  /// Lane i's mailbox is the i-th.
  void start(Socket connected, std::vector<Mailbox<Envelope>*> lanes) {
    socket_ = std::move(connected);
    socket_.non_blocking(true);
    lanes_ = std::move(lanes);
    answers_.resize(lanes_.size());
    wait_to_read();
  }

  /// The lanes are no longer behind.
  void read_on() {
    if (std::exchange(paused_, false)) wait_to_read();
  }

 private:
  void receive(std::vector<Envelope>& batch) {
    if (lost_) return;
    for (Envelope& envelope : batch) {
      if (envelope.content == Content::commands) outbound_.push(std::move(envelope.bytes));
      owed_.push(std::move(envelope));
    }
    answer_what_is_known();
    write();
    hand_over();
  }

  void write() {
    if (writing_ || lost_) return;
    ErrorCode error;
    if (common_.requests.subtract(outbound_.write_to(socket_, error))) events_.resumed();
    if (error && !would_block(error)) return lose(error.message());
    if (outbound_.bytes() == 0) return;
    writing_ = true;
    socket_.async_wait(Socket::wait_write, [this](ErrorCode) {
      writing_ = false;
      write();
    });
  }

  void wait_to_read() {
    if (lost_) return;
    if (common_.replies.must_pause()) {
      paused_ = true;
      return;
    }
    socket_.async_wait(Socket::wait_read, [this](ErrorCode) { read(); });
  }

  void read() {
    // Not for ever: requests are waiting to be written by the same thread.
    bool more = true;
    for (int reads = 0; more && reads < 8 && !lost_; ++reads) {
      ErrorCode error;
      more = reader_.read_from(socket_, error);
      decode();
      if (error && !would_block(error))
        lose(error == asio::error::eof ? "it closed the connection" : error.message());
    }
    reader_.release_idle();
    hand_over();
    wait_to_read();
  }

  void decode() {
    std::uint32_t run = 0;
    while (!lost_) {
      const Decoded frame = reader_.decode();
      if (frame.status == DecodeStatus::need_more) break;
      if (frame.status == DecodeStatus::malformed) {
        answer_run(std::exchange(run, 0));
        lose("it sent a malformed reply: " + std::string(frame.reason));
      } else if (frame.type == '>') {
        answer_run(std::exchange(run, 0));
        reader_.drop(frame.bytes);  // a push is nobody's reply
      } else if (owed_.empty()) {
        lose("it sent a reply that nobody asked for");
      } else {
        reader_.keep(frame.bytes);
        if (++run == owed_.front().commands) answer_run(std::exchange(run, 0));
      }
    }
    answer_run(run);
  }

  /// Passes the run of whole replies on to the client that is owed them.
  void answer_run(std::uint32_t commands) {
    if (commands == 0) return;
    commands_answered_ += commands;
    Envelope& owed = owed_.front();
    owed.commands -= commands;
    answers_[owed.client.lane].push_back(
        {owed.client, commands, Content::answer, reader_.take_run()});
    if (owed.commands > 0) return;
    owed_.pop();
    answer_what_is_known();
  }

  /// The answers that the proxy gives itself wait for the replies to earlier commands, and no
  /// longer.
  void answer_what_is_known() {
    while (!owed_.empty() && owed_.front().content != Content::commands) {
      const std::uint32_t lane = owed_.front().client.lane;
      answers_[lane].push_back(std::move(owed_.front()));
      owed_.pop();
    }
  }

  void hand_over() {
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      common_.replies.add(all_bytes(answers_[i]));
      lanes_[i]->put(answers_[i]);
    }
  }

  void lose(std::string reason) {
    if (std::exchange(lost_, true)) return;
    ErrorCode ignored;
    socket_.close(ignored);
    hand_over();
    events_.lost(std::move(reason));
  }

  Common<Buffer>& common_;
  Events events_;
  Mailbox<Envelope> inbox_;
  // Destroyed before what its pending operations use, and after the socket.
  asio::io_context io_{1};
  Socket socket_{io_};
  FrameReader<Buffer> reader_;
  SliceQueue::Store slices_;
  Outbound<Buffer> outbound_;
  NodeStore<Envelope> envelopes_;
  Queue<Envelope> owed_;
  std::vector<Mailbox<Envelope>*> lanes_;
  std::vector<std::vector<Envelope>> answers_;  // to each lane
  std::uint64_t commands_answered_ = 0;
  bool writing_ = false;
  bool paused_ = false;  // does not read: the lanes are behind
  bool lost_ = false;
};

}  // namespace proxy
