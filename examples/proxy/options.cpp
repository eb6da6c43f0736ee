#include "options.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iomanip>
#include <sstream>
#include <string_view>

#include <boost/asio/ip/address.hpp>

#include "command.hpp"

namespace proxy {
namespace {

struct NumberOption {
  std::string_view name;
  std::uint64_t Options::*value;
  std::uint64_t min;
  std::uint64_t max;
  std::string_view help;
};

constexpr std::uint64_t gibibyte = 1u << 30;

constexpr auto numbers = std::to_array<NumberOption>({
    {"--connections", &Options::connections, 1, 60'000, "clients of the load"},
    {"--seconds", &Options::seconds, 1, 86'400, "duration of the load, for each memory"},
    {"--pipeline", &Options::pipeline, 1, 1'000, "commands that a client sends at once"},
    {"--value-bytes", &Options::value_bytes, 1, 16u << 20, "bytes of a value of the load"},
    {"--idle", &Options::idle, 0, 60'000,
     "instead of the load: measure so many idle clients (0: no)"},
    {"--max-idle-bytes", &Options::max_idle_bytes, 0, gibibyte,
     "with --idle, fail if a client takes more resident memory (0: any)"},
    {"--listen", &Options::listen, 0, 65'535, "port for clients (0: any free one)"},
    {"--io-threads", &Options::io_threads, 1, 64, "threads that serve clients"},
    {"--slots", &Options::slots, 0, 16u << 20, "slots of the pool"},
    {"--slot-bytes", &Options::slot_bytes, 4'096, 64u << 20, "bytes of a slot"},
    {"--max-connections", &Options::max_connections, 1, 60'000, "clients beyond this are refused"},
    // The most that Redis takes of one bulk (proto-max-bulk-len). For a longer one it ends the
    // connection, which is that of all clients.
    {"--max-frame-bytes", &Options::frame_bytes, 64, gibibyte / 2,
     "a longer command closes its connection"},
    {"--max-reply-bytes", &Options::reply_bytes, 64, 64 * gibibyte,
     "a longer reply ends the proxy"},
    {"--outbound-bytes", &Options::outbound_bytes, 1, gibibyte,
     "a client with more replies unread is not read"},
    {"--drop-bytes", &Options::drop_bytes, 1, 64 * gibibyte,
     "a client with more replies unread, beside the largest of them, is closed"},
    {"--drop-total-bytes", &Options::drop_total_bytes, 1, 64 * gibibyte,
     "with more held for all clients (replies unread, commands unfinished), those with most are "
     "closed"},
    {"--upstream-bytes", &Options::upstream_bytes, 1, gibibyte,
     "with more waiting, no client is read"},
    {"--in-flight", &Options::in_flight, 1, 1'000'000,
     "a client that is owed more replies waits with its commands"},
});

std::uint64_t parse_number(const NumberOption& option, std::string_view text) {
  std::uint64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && rest == text.data() + text.size() && !text.empty();
  if (!whole || value < option.min || value > option.max) {
    std::ostringstream message;
    message << option.name << ": '" << text << "' is not a whole number from " << option.min
            << " to " << option.max;
    throw OptionError(message.str());
  }
  return value;
}

Memory parse_memory(std::string_view text) {
  if (text == "pool") return Memory::pool;
  if (text == "system") return Memory::system;
  throw OptionError("--memory: '" + std::string(text) + "' is neither pool nor system");
}

std::string parse_address(const std::string& text) {
  boost::system::error_code error;
  boost::asio::ip::make_address(text, error);
  if (error) throw OptionError("--bind: '" + text + "' is not an IPv4 or IPv6 address");
  return text;
}

/// NAME[,NAME...]
void allow_commands(Options& options, const std::string& text) {
  std::istringstream names(text + ",");
  for (std::string name; std::getline(names, name, ',');) {
    const auto is_graphic = [](char c) { return c > ' ' && c <= '~'; };
    if (name.empty() || name.size() > max_command_name || !std::ranges::all_of(name, is_graphic)) {
      throw OptionError("--allow: '" + name + "' is not the name of a command, as in JSON.GET or " +
                        "CONFIG|SET, of at most " + std::to_string(max_command_name) +
                        " characters");
    }
    std::ranges::transform(name, name.begin(), upper_case);
    options.allowed.push_back(name);
  }
  std::ranges::sort(options.allowed);
}

/// The options that take a value. False if there is none of that name.
bool set_value(Options& options, std::string_view name, const std::string& value) {
  const auto number = std::ranges::find(numbers, name, &NumberOption::name);
  if (number != numbers.end()) {
    options.*number->value = parse_number(*number, value);
  } else if (name == "--memory") {
    options.memory = parse_memory(value);
  } else if (name == "--upstream") {
    parse_host_port(value);
    options.upstream = value;
  } else if (name == "--bind") {
    options.bind = parse_address(value);
  } else if (name == "--allow") {
    allow_commands(options, value);
  } else if (name == "--role") {
    options.role = value;
  } else {
    return false;
  }
  return true;
}

bool takes_value(std::string_view name) {
  constexpr auto others =
      std::to_array<std::string_view>({"--allow", "--memory", "--upstream", "--bind", "--role"});
  return std::ranges::find(numbers, name, &NumberOption::name) != numbers.end() ||
         std::ranges::find(others, name) != others.end();
}

}  // namespace

Options parse_options(std::span<char* const> arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string name = arguments[i];
    if (name == "--no-load") {
      options.load = false;
    } else if (name == "--help" || name == "-h") {
      options.help = true;
    } else if (const auto equals = name.find('=');
               equals != name.npos && takes_value(name.substr(0, equals))) {
      set_value(options, name.substr(0, equals), name.substr(equals + 1));
    } else if (!takes_value(name)) {
      throw OptionError(name + ": there is no such option; --help lists them all");
    } else if (++i == arguments.size()) {
      throw OptionError(name + ": its value is missing; --help says what is allowed");
    } else {
      set_value(options, name, arguments[i]);
    }
  }
  if (options.idle > 0 && !options.load)
    throw OptionError("--idle: it brings clients of its own, so not together with --no-load");
  return options;
}

std::string help_text() {
  std::ostringstream text;
  text << "A proxy for the Redis protocol whose clients share one connection to the server.\n"
          "Without options it starts a server and a load of its own and compares both memories.\n\n"
       << std::left << std::setw(28) << "  --memory pool|system"
       << "where its buffers come from [one after the other; with --no-load pool]\n"
       << std::setw(28) << "  --upstream HOST:PORT"
       << "the server [its own, in memory]\n"
       << std::setw(28) << "  --bind ADDRESS"
       << "where clients may come from [127.0.0.1]\n"
       << std::setw(28) << "  --allow NAME[,NAME...]"
       << "forward these commands too (of modules, or CONFIG|SET): the user vouches that each\n"
       << std::setw(28) << ""
       << "has one reply, does not block, and leaves the connection as it is\n"
       << std::setw(28) << "  --no-load"
       << "serve real clients until SIGINT or SIGTERM\n";
  for (const NumberOption& option : numbers) {
    text << std::setw(28) << "  " + std::string(option.name) + " N" << option.help << ", "
         << option.min << " to " << option.max << " [" << Options().*option.value << "]\n";
  }
  text << std::setw(28) << "  --help"
       << "this text\n";
  return text.str();
}

Limits limits_of(const Options& options) {
  return {.frame_bytes = options.frame_bytes,
          .reply_bytes = options.reply_bytes,
          .outbound_bytes = options.outbound_bytes,
          .drop_bytes = options.drop_bytes,
          .drop_total_bytes = options.drop_total_bytes,
          .upstream_bytes = options.upstream_bytes,
          .commands_in_flight = static_cast<std::uint32_t>(options.in_flight),
          .connections = static_cast<std::uint32_t>(options.max_connections)};
}

HostPort parse_host_port(const std::string& text) {
  const auto colon = text.rfind(':');
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = colon == text.npos
                                 ? std::from_chars_result{end, std::errc::invalid_argument}
                                 : std::from_chars(text.data() + colon + 1, end, port);
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty() || error != std::errc{} || rest != end || port == 0) {
    throw OptionError("--upstream: '" + text + "' is not HOST:PORT with a port from 1 to 65535");
  }
  return {host, std::to_string(port)};
}

}  // namespace proxy
