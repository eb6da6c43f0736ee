#include "command.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "shared_commands.hpp"

namespace proxy {
namespace {

constexpr std::string_view refusal =
    "-ERR the proxy does not forward this command: all clients share one connection, and it may "
    "block or change that. Ask the server itself, or, if it does neither, start the proxy with "
    "--allow NAME\r\n";

static_assert(std::ranges::is_sorted(shared_commands));
static_assert(std::ranges::max(shared_commands, {}, &std::string_view::size).size() <=
              max_command_name);

bool is_shared(std::string_view key) { return std::ranges::binary_search(shared_commands, key); }

/// `prefix` ends in '|', or is empty as that of a name that is too long.
bool has_subcommands(std::string_view prefix) {
  const auto next = std::ranges::lower_bound(shared_commands, prefix);
  return !prefix.empty() && next != shared_commands.end() && next->starts_with(prefix);
}

/// A command's name in upper case, as the lists have it. One that is too long for them is empty.
class Key {
 public:
  void append(std::string_view text) {
    is_too_long_ = is_too_long_ || text.size() > text_.size() - size_;
    if (is_too_long_) return;
    std::ranges::transform(text, text_.begin() + size_, upper_case);
    size_ += text.size();
  }
  std::string_view view() const { return {text_.data(), is_too_long_ ? 0 : size_}; }

 private:
  std::array<char, max_command_name> text_;
  std::size_t size_ = 0;
  bool is_too_long_ = false;
};

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
  if (!database || rest.next())
    return {Route::answer, "-ERR wrong number of arguments for 'select' command\r\n"};
  if (database == "0") return {Route::answer, "+OK\r\n"};
  return {Route::answer, "-ERR the proxy serves database 0 only\r\n"};
}

/// XREAD and XREADGROUP block only if they are told to.
Verdict stream_read(Arguments rest) {
  while (const auto argument = rest.next()) {
    // To the server an option ends at a zero.
    const bool has_zero = argument->find('\0') != std::string_view::npos;
    if (has_zero || equals_ignoring_case(*argument, "BLOCK")) return {Route::answer, refusal};
    if (equals_ignoring_case(*argument, "STREAMS")) break;
    if (!equals_ignoring_case(*argument, "GROUP")) continue;
    rest.next();  // the group's name
    rest.next();  // the consumer's
  }
  return {};
}

/// One that neither the proxy knows nor the user vouches for may still have subcommands that they do.
/// Without its subcommand it does nothing, and the server says so.
Verdict subcommand(Key key, Arguments rest, Vouched vouched) {
  key.append("|");
  const auto name = rest.next();
  if (!name) return has_subcommands(key.view()) ? Verdict{} : Verdict{Route::answer, refusal};
  key.append(*name);
  if (is_shared(key.view()) || std::ranges::binary_search(vouched, key.view())) return {};
  return {Route::answer, refusal};
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
  return std::ranges::equal(text, upper_text, {}, upper_case);
}

char upper_case(char c) noexcept {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

Verdict judge(std::span<const std::byte> request, Vouched vouched) noexcept {
  Arguments arguments(request);
  const auto name = arguments.next();
  if (!name) return {Route::ignore, {}};
  Key upper_name;
  upper_name.append(*name);
  const std::string_view key = upper_name.view();
  if (is_shared(key)) return {};
  if (key == "QUIT") return {Route::answer_and_close, "+OK\r\n"};
  // A browser's, as in Redis: what follows may be commands in disguise.
  if (key == "POST" || key == "HOST:") return {Route::answer_and_close, refusal};
  if (key == "HELLO") return hello(arguments);
  if (key == "SELECT") return select(arguments);
  if (std::ranges::binary_search(vouched, key)) return {};
  if (key == "XREAD" || key == "XREADGROUP") return stream_read(arguments);
  return subcommand(upper_name, arguments, vouched);
}

}  // namespace proxy
