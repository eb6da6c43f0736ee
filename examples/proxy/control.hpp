// How a child process talks to the one that started it: lines in through standard input, lines out
// through standard output. The end of the input means that nobody is there any more, and reads as
// `stop`.
#pragma once

#include <array>
#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "socket.hpp"

namespace proxy {

using Figures = std::vector<std::pair<std::string, std::uint64_t>>;

void say(std::string_view line);
/// That this process cannot go on, and why. Takes no memory.
void say_failed(const std::exception& error);
/// One line each, and a last one that says that this was all.
void say(const Figures& figures);

class Control {
 public:
  using OnLine = std::function<void(std::string_view)>;

  Control(asio::io_context& io, OnLine on_line);

 private:
  void wait();
  void take_lines();

  asio::posix::stream_descriptor input_;
  OnLine on_line_;
  std::array<char, 256> arrived_;
  std::string text_;
};

}  // namespace proxy
