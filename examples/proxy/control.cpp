#include "control.hpp"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include <boost/asio/buffer.hpp>

namespace proxy {

namespace {

void write_all(std::string_view rest) {
  while (!rest.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (written <= 0) std::_Exit(1);  // nobody is there to hear
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

void say(std::string_view line) { write_all(std::string(line) + '\n'); }

void say_failed(const std::exception& error) {
  const bool no_memory = dynamic_cast<const std::bad_alloc*>(&error) != nullptr;
  std::array<char, 512> line;
  std::snprintf(line.data(), line.size() - 1, "failed %s",
                no_memory ? "out of memory" : error.what());
  write_all(std::strcat(line.data(), "\n"));
}

void say(const Figures& figures) {
  for (const auto& [name, value] : figures) say("figure " + name + " " + std::to_string(value));
  say("done");
}

Control::Control(asio::io_context& io, OnLine on_line)
    : input_(io, ::dup(STDIN_FILENO)), on_line_(std::move(on_line)) {
  wait();
}

void Control::wait() {
  input_.async_read_some(asio::buffer(arrived_), [this](ErrorCode error, std::size_t bytes) {
    if (error == asio::error::operation_aborted) return;
    if (error) return on_line_("stop");
    text_.append(arrived_.data(), bytes);
    take_lines();
    wait();
  });
}

void Control::take_lines() {
  for (auto end = text_.find('\n'); end != std::string::npos; end = text_.find('\n')) {
    const std::string line = text_.substr(0, end);
    text_.erase(0, end + 1);
    on_line_(line);
  }
}

}  // namespace proxy
