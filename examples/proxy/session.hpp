// One client's connection: decodes what it sends, writes what it is owed. Waits for nothing and
// ends nothing itself; after each call its lane asks what it wants next. Used by one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "command.hpp"
#include "envelope.hpp"
#include "frame_reader.hpp"
#include "outbound.hpp"
#include "session_share.hpp"
#include "socket.hpp"
#include <bufferpool/buffer.hpp>
#include <bufferpool/slice.hpp>

namespace proxy {

template <bufferpool::FillBuffer Buffer>
class Session {
 public:
  Session(SessionShare<Buffer>& share, ClientId id, Socket socket, Buffer inbound, Buffer outbound)
      : share_(share),
        socket_(std::move(socket)),
        reader_(std::move(inbound), RespDecoder(Direction::request, share.limits.frame_bytes)),
        outbound_(share.slices, std::move(outbound)),
        id_(id) {}

  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { share_.held_bytes -= held_bytes_; }

  Socket& socket() noexcept { return socket_; }

  bool wants_read() const noexcept {
    return state_ == State::open ? !has_backlog_ && may_take(0) : state_ == State::lingering;
  }
  bool wants_write() const noexcept { return outbound_.bytes() > 0; }
  bool lingers() const noexcept { return state_ == State::lingering; }
  bool finished() const noexcept {
    return state_ == State::failed || (state_ == State::ended && is_quiet());
  }

  /// As of the last count_held(): replies not written in whole, and commands not submitted.
  std::size_t held_bytes() const noexcept { return held_bytes_; }
  void count_held() noexcept {
    share_.held_bytes -= held_bytes_;
    held_bytes_ = outbound_.kept_bytes() + reader_.buffer().size();
    share_.held_bytes += held_bytes_;
  }

  void read() {
    if (lingers()) return discard_input();
    // Not for ever: the other clients of this thread have their turn.
    bool more = true;
    for (int reads = 0; more && reads < 4 && wants_read(); ++reads) {
      ErrorCode error;
      more = reader_.read_from(socket_, error);
      if (error && !would_block(error))
        state_ = error == asio::error::eof ? State::ended : State::failed;
      decode();
    }
  }

  void deliver(Envelope&& answer) {
    if (closing_) return;
    in_flight_ -= answer.commands;
    const std::size_t bytes = answer.bytes.size();
    largest_unread_ = std::max(wants_write() ? largest_unread_ : 0, bytes);
    outbound_.push(std::move(answer.bytes));
    if (answer.content == Content::final_answer) closing_ = true;
    // A client that reads has no way to take a large reply before it is there.
    if (outbound_.bytes() > share_.limits.drop_bytes + largest_unread_) state_ = State::failed;
  }

  void write() {
    ErrorCode error;
    outbound_.write_to(socket_, error);
    if (error && !would_block(error)) state_ = State::failed;
    if (has_backlog_) decode();
    if (closing_ && is_quiet() && state_ == State::refusing) linger();
  }

  /// No reply will come any more: says so, then closes.
  void abandon(bufferpool::Slice error_answer) {
    if (closing_ || state_ == State::failed) return;
    refuse_input();
    deliver({id_, in_flight_, Content::final_answer, std::move(error_answer)});
    write();
  }

  bool dirty = false;   // in its lane's list of sessions to be written
  bool paused = false;  // in its lane's list of sessions that wait for the upstream connection
  bool reading = false, writing = false;  // its lane waits for the socket
  bool closing_soon = false;              // in its lane's list of sessions that linger

 private:
  enum class State : std::uint8_t {
    open,
    ended,      // the client sends no more; it gets what it is owed
    refusing,   // what the client sends is not decoded any more; its final answer is on its way
    lingering,  // the final answer is written; waits for the client to have read it
    failed,
  };

  bool is_quiet() const noexcept {
    return in_flight_ == 0 && outbound_.bytes() == 0 && !has_backlog_;
  }

  /// One more command, when `run` were just taken.
  bool may_take(std::uint32_t run) const noexcept {
    return outbound_.bytes() <= share_.limits.outbound_bytes &&
           in_flight_ + run < share_.limits.commands_in_flight;
  }

  void decode() {
    std::uint32_t run = 0;
    has_backlog_ = false;
    while (state_ == State::open || state_ == State::ended) {
      has_backlog_ = !may_take(run);
      if (has_backlog_) break;
      const Decoded frame = reader_.decode();
      if (frame.status == DecodeStatus::need_more) break;
      if (frame.status == DecodeStatus::malformed) {
        submit_run(std::exchange(run, 0));
        submit_last({"-ERR Protocol error: ", frame.reason, "\r\n"});
        break;
      }
      const Verdict verdict = judge(reader_.undecoded().first(frame.bytes), share_.vouched);
      if (verdict.route == Route::forward) {
        reader_.keep(frame.bytes);
        ++run;
        continue;
      }
      submit_run(std::exchange(run, 0));
      reader_.drop(frame.bytes);
      if (verdict.route == Route::answer)
        submit(1, Content::answer, share_.make_answer({verdict.answer}));
      if (verdict.route == Route::answer_and_close) submit_last({verdict.answer});
    }
    submit_run(run);
    reader_.release_idle();
  }

  void submit_run(std::uint32_t commands) {
    if (commands > 0) submit(commands, Content::commands, reader_.take_run());
  }

  void submit_last(std::initializer_list<std::string_view> answer) {
    refuse_input();
    submit(1, Content::final_answer, share_.make_answer(answer));
  }

  void submit(std::uint32_t commands, Content content, bufferpool::Slice bytes) {
    in_flight_ += commands;
    share_.outgoing.push_back({id_, commands, content, std::move(bytes)});
  }

  void refuse_input() {
    state_ = State::refusing;
    has_backlog_ = false;
    reader_.discard_all();
    reader_.release_idle();
  }

  /// Closing with unread input would make the kernel reset the connection, and the final answer
  /// with it.
  void linger() {
    state_ = State::lingering;
    ErrorCode ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
  }

  void discard_input() {
    ErrorCode error;
    reader_.read_from(socket_, error);
    reader_.discard_all();
    reader_.release_idle();
    if (error && !would_block(error)) state_ = State::failed;
  }

  SessionShare<Buffer>& share_;
  Socket socket_;
  FrameReader<Buffer> reader_;
  Outbound<Buffer> outbound_;
  ClientId id_;
  std::size_t held_bytes_ = 0;
  std::size_t largest_unread_ = 0;  // bytes that came at once, since none waited
  std::uint32_t in_flight_ = 0;     // commands without a reply so far
  State state_ = State::open;
  bool has_backlog_ = false;  // there may be commands that were read and not taken
  bool closing_ = false;      // the final answer is queued
};

}  // namespace proxy
