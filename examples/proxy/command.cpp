#include "command.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace proxy {
namespace {

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

constexpr std::string_view refusal =
    "-ERR this command needs a connection of its own, and the proxy shares one between all "
    "clients\r\n";

/// Sorted. They select, block, subscribe, authenticate or end the connection, or stop the server.
/// POST and HOST: are here because redis-server takes them for an attack and closes the connection.
constexpr auto refused = std::to_array<std::string_view>(
    {"ASKING",     "AUTH",        "BLMOVE",   "BLMPOP",       "BLPOP",     "BRPOP",
     "BRPOPLPUSH", "BZMPOP",      "BZPOPMAX", "BZPOPMIN",     "CLIENT",    "DEBUG",
     "DISCARD",    "EXEC",        "FAILOVER", "HOST:",        "MONITOR",   "MULTI",
     "POST",       "PSUBSCRIBE",  "PSYNC",    "PUNSUBSCRIBE", "READONLY",  "READWRITE",
     "REPLCONF",   "RESET",       "SHUTDOWN", "SSUBSCRIBE",   "SUBSCRIBE", "SUNSUBSCRIBE",
     "SYNC",       "UNSUBSCRIBE", "UNWATCH",  "WAIT",         "WAITAOF",   "WATCH"});
static_assert(std::ranges::is_sorted(refused));
constexpr std::size_t longest_name = 12;

constexpr std::string_view hello_reply =
    "*14\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.0.0\r\n$5\r\nproto\r\n:2\r\n$"
    "2\r\nid\r\n:1\r\n"
    "$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n";

/// RESP2 only, because the upstream connection speaks one version for all.
Verdict hello(Arguments rest) {
  const auto version = rest.next();
  if (version && *version != "2")
    return {Route::answer, "-NOPROTO the proxy speaks RESP2 to its clients\r\n"};
  if (rest.next()) return {Route::answer, refusal};
  return {Route::answer, hello_reply};
}

Verdict select(Arguments rest) {
  const auto database = rest.next();
  if (database == "0") return {Route::answer, "+OK\r\n"};
  return {Route::answer, "-ERR the proxy serves database 0 only\r\n"};
}

/// XREAD and XREADGROUP block only if they are told to.
Verdict stream_read(Arguments rest) {
  while (const auto argument = rest.next()) {
    if (equals_ignoring_case(*argument, "BLOCK")) return {Route::answer, refusal};
    if (equals_ignoring_case(*argument, "STREAMS")) break;
    if (!equals_ignoring_case(*argument, "GROUP")) continue;
    rest.next();  // the group's name
    rest.next();  // the consumer's
  }
  return {};
}

/// Lua's debugger takes the connection over.
Verdict script(Arguments rest) {
  const auto subcommand = rest.next();
  if (subcommand && equals_ignoring_case(*subcommand, "DEBUG")) return {Route::answer, refusal};
  return {};
}

}  // namespace

Arguments::Arguments(std::span<const std::byte> request) noexcept
    : rest_(reinterpret_cast<const char*>(request.data()), request.size()),
      is_inline_(!rest_.starts_with('*')) {
  if (is_inline_) return;
  const std::size_t end = rest_.find('\r');
  std::from_chars(rest_.data() + 1, rest_.data() + end, left_);
  rest_.remove_prefix(end + 2);
}

std::optional<std::string_view> Arguments::next() noexcept {
  if (!is_inline_) return left_ == 0 ? std::nullopt : std::optional(next_bulk());
  const std::string_view word = next_word();
  return word.empty() ? std::nullopt : std::optional(word);
}

std::string_view Arguments::next_word() noexcept {
  const std::size_t start = std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size());
  const std::size_t end = std::min(rest_.find_first_of(" \t\r\n", start), rest_.size());
  const std::string_view word = rest_.substr(start, end - start);
  rest_.remove_prefix(end);
  return word;
}

std::string_view Arguments::next_bulk() noexcept {
  std::size_t bytes = 0;
  const std::size_t end = rest_.find('\r');
  std::from_chars(rest_.data() + 1, rest_.data() + end, bytes);
  const std::string_view bulk = rest_.substr(end + 2, bytes);
  rest_.remove_prefix(end + 2 + bytes + 2);
  --left_;
  return bulk;
}

bool equals_ignoring_case(std::string_view text, std::string_view upper_text) noexcept {
  return std::ranges::equal(text, upper_text, {}, upper);
}

Verdict judge(std::span<const std::byte> request) noexcept {
  Arguments arguments(request);
  const auto name = arguments.next();
  if (!name) return {Route::ignore, {}};
  std::array<char, longest_name> buffer;
  if (name->size() > buffer.size()) return {};
  const std::string_view key(buffer.data(), name->size());
  std::ranges::transform(*name, buffer.begin(), upper);
  if (std::ranges::binary_search(refused, key)) return {Route::answer, refusal};
  if (key == "QUIT") return {Route::answer_and_close, "+OK\r\n"};
  if (key == "HELLO") return hello(arguments);
  if (key == "SELECT") return select(arguments);
  if (key == "XREAD" || key == "XREADGROUP") return stream_read(arguments);
  if (key == "SCRIPT") return script(arguments);
  return {};
}

}  // namespace proxy
