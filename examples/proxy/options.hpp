// The command line: what the proxy is told, with its defaults.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "limits.hpp"

namespace proxy {

enum class Memory : std::uint8_t { both, pool, system };

struct Options {
  Memory memory = Memory::both;
  std::string upstream;  // empty: it brings its own
  std::string bind = "127.0.0.1";
  std::uint64_t listen = 0;
  bool load = true;
  bool help = false;
  std::uint64_t idle = 0;
  std::uint64_t max_idle_bytes = 0;
  std::uint64_t connections = 1000;
  std::uint64_t seconds = 5;
  std::uint64_t pipeline = 8;
  std::uint64_t value_bytes = 512;
  std::uint64_t io_threads = 2;
  std::uint64_t slots = 16 * 1024;
  std::uint64_t slot_bytes = 16 * 1024;
  std::uint64_t max_connections = 10'000;
  std::uint64_t frame_bytes = 64u << 20;
  std::uint64_t reply_bytes = 4ull << 30;
  std::uint64_t outbound_bytes = 1u << 20;
  std::uint64_t drop_bytes = 256u << 20;
  std::uint64_t drop_total_bytes = 1u << 30;
  std::uint64_t upstream_bytes = 16u << 20;
  std::uint64_t in_flight = 128;
  /// Commands that are forwarded although the proxy does not know them: sorted, upper case.
  std::vector<std::string> allowed;

  /// Which part of the whole this process plays; empty: the one that starts the others.
  std::string role;
};

/// Names the option and what is allowed; its text is for the user.
struct OptionError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws OptionError. Of an option given twice the last counts, but for --allow, which adds.
Options parse_options(std::span<char* const> arguments);

std::string help_text();

Limits limits_of(const Options& options);

struct HostPort {
  std::string host;
  std::string port;
};
/// HOST:PORT or [IPV6]:PORT; throws OptionError naming --upstream.
HostPort parse_host_port(const std::string& text);

}  // namespace proxy
