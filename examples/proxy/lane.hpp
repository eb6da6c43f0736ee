// One thread and the clients it serves. Invariant: after each event a session is settled, that is,
// either gone or waited for in every way it wants. All functions run on the lane's thread unless
// they say not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>

#include "client_table.hpp"
#include "common.hpp"
#include "envelope.hpp"
#include "lingering_clients.hpp"
#include "mailbox.hpp"
#include "session.hpp"
#include "session_share.hpp"
#include "socket.hpp"
#include <bufferpool/buffer.hpp>

namespace proxy {

template <bufferpool::FillBuffer Buffer>
class Lane {
 public:
  Lane(std::uint32_t index, Common<Buffer>& common, Mailbox<Envelope>& upstream)
      : common_(common),
        upstream_(upstream),
        answers_(io_, [this](std::vector<Envelope>& batch) { deliver(batch); }),
        share_{common.limits, common.vouched, 0, common.make_buffer(), {}, {}},
        sessions_(index),
        lingering_(io_, [this](ClientId id) {
          if (sessions_.find(id) != nullptr) end(id);
        }) {}

  /// Any thread: the replies to this lane's clients.
  Mailbox<Envelope>& answers() noexcept { return answers_; }
  asio::io_context& io() noexcept { return io_; }

  void run() { io_.run(); }
  /// Any thread.
  void stop() { io_.stop(); }

  void adopt(Socket socket) {
    const ClientId id = sessions_.next_id();
    sessions_.add(id,
                  std::make_unique<Client>(share_, id, std::move(socket), common_.make_buffer()));
    settle(id);
  }

  /// The upstream connection takes requests again.
  void resume() {
    std::vector<ClientId> paused = std::exchange(paused_, {});
    for (const ClientId id : paused) {
      if (Client* session = sessions_.find(id)) {
        session->paused = false;
        settle(id);
      }
    }
  }

  /// Too much waits for the clients of all lanes: those of this one for which most does are closed
  /// while that is more than its part.
  void shed() {
    common_.unread.begin_to_shed();
    while (common_.unread.must_shed(share_.unread_bytes))
      end(sessions_.max_by(&Client::unread_bytes));
  }

  /// No reply will come any more.
  void abandon_all(std::string_view error) {
    std::vector<ClientId> all;
    sessions_.for_each([&all](ClientId id) { all.push_back(id); });
    for (const ClientId id : all) {
      sessions_.find(id)->abandon(share_.make_answer({error}));
      settle(id);
    }
  }

 private:
  using Client = Session<Buffer>;

  void settle(ClientId id) {
    Client* session = sessions_.find(id);
    if (session->finished()) return end(id);
    if (session->wants_write() && !session->writing) wait_to_write(id, *session);
    if (session->wants_read() && !session->reading && !session->paused) {
      if (!session->lingers() && common_.load.must_pause()) {
        session->paused = true;
        paused_.push_back(id);
      } else {
        wait_to_read(id, *session);
      }
    }
    // Not at once: the client is still to read its final answer.
    if (session->lingers() && !std::exchange(session->closing_soon, true)) lingering_.add(id);
  }

  void end(ClientId id) {
    sessions_.erase(id);
    --common_.connections;
    count_unread();
  }

  void count_unread() {
    const std::size_t before = std::exchange(counted_unread_, share_.unread_bytes);
    if (before != counted_unread_ && common_.unread.change(before, counted_unread_))
      common_.shed_clients();
  }

  void wait_to_read(ClientId id, Client& session) {
    session.reading = true;
    session.socket().async_wait(Socket::wait_read, [this, id](ErrorCode) { on_readable(id); });
  }

  void wait_to_write(ClientId id, Client& session) {
    session.writing = true;
    session.socket().async_wait(Socket::wait_write, [this, id](ErrorCode) { on_writable(id); });
  }

  void on_readable(ClientId id) {
    Client* session = sessions_.find(id);
    if (session == nullptr) return;
    session->reading = false;
    try {
      // It may have been asked to pause since.
      if (session->wants_read()) session->read();
    } catch (const std::bad_alloc&) {
      return end(id);
    }
    hand_over_later();
    settle(id);
  }

  void on_writable(ClientId id) {
    Client* session = sessions_.find(id);
    if (session == nullptr) return;
    session->writing = false;
    session->write();
    hand_over_later();
    settle(id);
    count_unread();
  }

  void deliver(std::vector<Envelope>& batch) {
    for (Envelope& answer : batch) {
      Client* session = sessions_.find(answer.client);
      if (session == nullptr) continue;
      session->deliver(std::move(answer));
      if (!std::exchange(session->dirty, true)) dirty_.push_back(answer.client);
    }
    for (const ClientId id : dirty_) {
      Client* session = sessions_.find(id);
      session->dirty = false;
      if (!session->writing) session->write();
      settle(id);
    }
    dirty_.clear();
    count_unread();
    hand_over_later();
  }

  /// Once for all the connections that were found readable together.
  void hand_over_later() {
    if (share_.outgoing.empty() || std::exchange(handing_over_, true)) return;
    asio::post(io_, MemoryHandler(hand_over_memory_, [this] { hand_over(); }));
  }

  void hand_over() {
    handing_over_ = false;
    std::size_t bytes = 0;
    for (const Envelope& envelope : share_.outgoing) {
      if (envelope.content == Content::commands) bytes += envelope.bytes.size();
    }
    common_.load.add(bytes);
    upstream_.put(share_.outgoing);
  }

  Common<Buffer>& common_;
  Mailbox<Envelope>& upstream_;
  HandlerMemory hand_over_memory_;
  Mailbox<Envelope> answers_;
  // Destroyed before what its pending operations use, and after the sockets.
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  SessionShare<Buffer> share_;
  ClientTable<Client> sessions_;
  std::vector<ClientId> dirty_;
  std::vector<ClientId> paused_;
  bool handing_over_ = false;
  std::size_t counted_unread_ = 0;  // of share_.unread_bytes, in common_.unread
  LingeringClients lingering_;
};

}  // namespace proxy
