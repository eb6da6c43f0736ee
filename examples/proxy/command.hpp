// What the proxy does with a command: those that are known to leave the connection that all clients
// share as it is pass, and those that the user vouches for; whatever else comes is answered here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace proxy {

/// The arguments of a whole request, as decoded by RespDecoder, in order; the command's name is the
/// first.
class Arguments {
 public:
  explicit Arguments(std::span<const std::byte> request) noexcept;
  /// The next argument, or nothing behind the last one.
  std::optional<std::string_view> next() noexcept;

 private:
  std::string_view next_word() noexcept;
  std::string_view next_bulk() noexcept;

  std::string_view rest_;
  std::size_t left_ = 0;  // bulks still to come
  bool is_inline_;
};

enum class Route : std::uint8_t {
  forward,
  ignore,            // an empty request: redis-server sends no reply, so none may be waited for
  answer,            // with Verdict::answer, in order
  answer_and_close,  // the same, and then no more
};

struct Verdict {
  Route route = Route::forward;
  std::string_view answer;  // static text
};

/// Longer names are nobody's: "NAME", or "NAME|SUBCOMMAND".
inline constexpr std::size_t max_command_name = 64;

/// What the user vouches for: sorted, upper case.
using Vouched = std::span<const std::string>;

Verdict judge(std::span<const std::byte> request, Vouched vouched = {}) noexcept;

/// ASCII only, as RESP command names are.
char upper_case(char c) noexcept;
bool equals_ignoring_case(std::string_view text, std::string_view upper) noexcept;

}  // namespace proxy
