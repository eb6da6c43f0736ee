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
    sessions_.add(id, std::make_unique<Client>(share_, id, std::move(socket), common_.make_buffer(),
                                               common_.make_buffer()));
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

  /// The clients of all lanes make the proxy hold too much: of this one's, those with most are
  /// closed while they have more than their part.
  void shed() {
    common_.held.begin_to_shed();
    while (common_.held.must_shed(share_.held_bytes)) end(sessions_.max_by(&Client::held_bytes));
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
    session->count_held();
    if (session->wants_write() && !session->writing) wait_to_write(id, *session);
    if (session->wants_read() && !session->reading && !session->paused) {
      if (!session->lingers() && common_.requests.must_pause()) {
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
    count_held();
  }

  void count_held() {
    const std::size_t before = std::exchange(counted_held_, share_.held_bytes);
    if (before != counted_held_ && common_.held.change(before, counted_held_))
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
      end(id);
    }
    hand_over_later();  // also what it submitted before there was no memory
    if (sessions_.find(id) != nullptr) settle(id);
    count_held();
  }

  void on_writable(ClientId id) {
    Client* session = sessions_.find(id);
    if (session == nullptr) return;
    session->writing = false;
    session->write();
    hand_over_later();
    settle(id);
    count_held();
  }

  void deliver(std::vector<Envelope>& batch) {
    const std::size_t bytes = all_bytes(batch);
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
    count_held();
    hand_over_later();
    if (common_.replies.subtract(bytes)) common_.read_server();
  }

  /// Once for all the connections that were found readable together.
  void hand_over_later() {
    if (share_.outgoing.empty() || std::exchange(handing_over_, true)) return;
    asio::post(io_, MemoryHandler(hand_over_memory_, [this] { hand_over(); }));
  }

  void hand_over() {
    handing_over_ = false;
    common_.requests.add(command_bytes(share_.outgoing));
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
  std::size_t counted_held_ = 0;  // of share_.held_bytes, in common_.held
  LingeringClients lingering_;
};

}  // namespace proxy
