// A small server in memory, so that the proxy can be tried on a bare machine. One thread.
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "command.hpp"
#include "control.hpp"
#include "frame_reader.hpp"
#include "listener.hpp"
#include "process.hpp"
#include "resp_text.hpp"
#include "roles.hpp"
#include "socket.hpp"
#include "text_output.hpp"
#include <bufferpool/system_buffer.hpp>

namespace proxy {
namespace {

struct TextHash : std::hash<std::string_view> {
  using is_transparent = void;
};
using Values = std::unordered_map<std::string, std::string, TextHash, std::equal_to<>>;

void set(Values& values, Arguments& arguments, std::string& out) {
  const auto key = arguments.next();
  const auto value = arguments.next();
  if (!value || arguments.next()) return void(out += "-ERR SET takes a key and a value here\r\n");
  const auto found = values.find(*key);
  if (found != values.end()) {
    found->second.assign(*value);
  } else {
    values.emplace(*key, *value);
  }
  out += "+OK\r\n";
}

void get(Values& values, Arguments& arguments, std::string& out) {
  const auto key = arguments.next();
  if (!key || arguments.next()) return void(out += "-ERR GET takes a key\r\n");
  const auto found = values.find(*key);
  if (found == values.end()) return void(out += "$-1\r\n");
  append_bulk(out, found->second);
}

void erase(Values& values, Arguments& arguments, std::string& out) {
  std::size_t erased = 0;
  while (const auto key = arguments.next()) {
    const auto found = values.find(*key);
    if (found == values.end()) continue;
    values.erase(found);
    ++erased;
  }
  out.append(":").append(std::to_string(erased)).append("\r\n");
}

void execute(Values& values, std::span<const std::byte> request, std::string& out) {
  Arguments arguments(request);
  const auto name = arguments.next();
  if (!name) return;
  const auto is = [&name](std::string_view command) {
    return equals_ignoring_case(*name, command);
  };
  if (is("GET")) return get(values, arguments, out);
  if (is("SET")) return set(values, arguments, out);
  if (is("DEL")) return erase(values, arguments, out);
  if (is("COMMAND") || is("CONFIG")) return void(out += "*0\r\n");
  if (is("INFO")) return append_bulk(out, "# Server\r\nredis_mode:standalone\r\n");
  if (!is("PING") && !is("ECHO")) return void(out += "-ERR unknown command\r\n");
  const auto text = arguments.next();
  if (!text && is("PING")) return void(out += "+PONG\r\n");
  if (!text || arguments.next()) return void(out += "-ERR PING and ECHO take a text\r\n");
  append_bulk(out, *text);
}

class Peer : public std::enable_shared_from_this<Peer> {
 public:
  Peer(Values& values, Socket socket, const Limits& limits)
      : values_(values),
        socket_(std::move(socket)),
        reader_(bufferpool::SystemBuffer(), RespDecoder(Direction::request, limits.frame_bytes)) {}

  void read_when_ready() {
    socket_.async_wait(Socket::wait_read, [self = shared_from_this()](ErrorCode) { self->read(); });
  }

 private:
  void read() {
    ErrorCode error;
    reader_.read_from(socket_, error);
    if (error && !would_block(error)) return;
    if (!decode()) closing_ = true;
    write();
  }

  bool decode() {
    while (true) {
      const Decoded frame = reader_.decode();
      if (frame.status == DecodeStatus::need_more) return true;
      if (frame.status == DecodeStatus::malformed) {
        output_.text().append("-ERR Protocol error: ").append(frame.reason).append("\r\n");
        return false;
      }
      execute(values_, reader_.undecoded().first(frame.bytes), output_.text());
      reader_.drop(frame.bytes);
    }
  }

  /// What is not read any more while there are replies to be written makes its sender wait.
  void write() {
    const ErrorCode error = output_.write_to(socket_);
    if (would_block(error)) {
      socket_.async_wait(Socket::wait_write,
                         [self = shared_from_this()](ErrorCode) { self->write(); });
    } else if (!error && !closing_) {
      read_when_ready();
    }
  }

  Values& values_;
  Socket socket_;
  FrameReader<bufferpool::SystemBuffer> reader_;
  TextOutput output_;
  bool closing_ = false;
};

}  // namespace

int run_server(const Options& options) {
  try {
    allow_descriptors(options.max_connections + spare_descriptors);
    Values values;
    asio::io_context io(1);
    Listener::NextPlace place = [&]() -> Listener::Place {
      return {&io, [&](Socket client) {
                std::make_shared<Peer>(values, std::move(client), limits_of(options))
                    ->read_when_ready();
              }};
    };
    Listener listener(io, {asio::ip::make_address("127.0.0.1"), 0}, std::move(place));
    Control control(io, [&io](std::string_view line) {
      if (line == "stop") io.stop();
    });
    say("listening " + std::to_string(listener.port()));
    io.run();
    return 0;
  } catch (const std::exception& error) {
    say_failed(error);
    return 1;
  }
}

}  // namespace proxy
