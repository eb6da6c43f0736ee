#include "resp_decoder.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <new>

namespace proxy {
namespace {

/// No length or count needs more; what is longer is refused before it is buffered.
constexpr std::size_t max_length_line = 24;
constexpr std::string_view too_large = "frame is larger than the limit";
/// The shortest value is a type byte and CR LF.
constexpr std::size_t min_value_bytes = 3;

constexpr bool has_length(char type) {
  return std::string_view("$!=*%~>|").find(type) != std::string_view::npos;
}

bool is_digits(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_inline_text(std::string_view text) {
  return std::ranges::none_of(text,
                              [](unsigned char c) { return (c < ' ' && c != '\t') || c == 0x7f; });
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// What of a scalar value's line can be wrong; empty: nothing.
std::string_view scalar_error(char type, std::string_view text) {
  switch (type) {
    case '+':
    case '-':
      return {};
    case ':':
      return is_digits(text) && text.size() <= 20 ? "" : "invalid integer";
    case '(':
      return is_digits(text) ? "" : "invalid big number";
    case ',':
      return !text.empty() ? "" : "invalid double";
    case '_':
      return text.empty() ? "" : "invalid null";
    case '#':
      return text == "t" || text == "f" ? "" : "invalid boolean";
    default:
      return "unknown type byte";
  }
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view digits) noexcept {
  std::string_view magnitude = digits;
  if (magnitude.starts_with('-')) magnitude.remove_prefix(1);
  if (magnitude.empty() || (magnitude.front() == '0' && digits.size() > 1)) return std::nullopt;
  std::int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return value;
}

Decoded RespDecoder::feed(std::span<const std::byte> frame_so_far) noexcept {
  input_ = frame_so_far;
  Step result = error_.empty() ? Step::next : Step::failed;
  while (result == Step::next && !complete_) result = step();
  if (result == Step::failed) return {DecodeStatus::malformed, type_, 0, error_};
  if (!complete_)
    return {DecodeStatus::need_more, type_, std::max(body_end_, input_.size() + 1), {}};
  const Decoded frame{DecodeStatus::frame, type_, position_, {}};
  reset();
  return frame;
}

void RespDecoder::reset() noexcept {
  error_ = {};
  position_ = scanned_ = body_end_ = 0;
  open_.clear();
  type_ = 0;
  complete_ = false;
}

RespDecoder::Step RespDecoder::step() noexcept {
  if (body_end_ != 0) return skip_body();
  if (position_ == input_.size()) return Step::wait;
  const char type = static_cast<char>(input_[position_]);
  if (direction_ == Direction::request) {
    if (open_.empty() && type != '*') return read_inline();
    if (!open_.empty() && type != '$') return fail("expected '$' in a request");
  }
  if (open_.empty()) type_ = type;
  const Step found = find_line(type);
  return found == Step::next ? read_value(line_) : found;
}

/// Sets `line_` to the value's first line, type byte included, and steps behind its CR LF.
RespDecoder::Step RespDecoder::find_line(char type) noexcept {
  const std::string_view text(reinterpret_cast<const char*>(input_.data()), input_.size());
  scanned_ = std::max(scanned_, position_);
  const std::size_t end = text.find('\r', scanned_);
  const std::size_t known_end = std::min(end, text.size());
  if (has_length(type) && known_end + 2 > position_ + max_length_line)
    return fail("length line is too long");
  if (known_end + 2 > max_frame_bytes_) return fail(too_large);
  if (text.substr(scanned_, known_end - scanned_).find('\n') != std::string_view::npos) {
    return fail("line feed without carriage return");
  }
  scanned_ = known_end;
  if (known_end + 1 >= text.size()) return Step::wait;
  if (text[end + 1] != '\n') return fail("carriage return without line feed");
  line_ = text.substr(position_, end - position_);
  position_ = end + 2;
  return Step::next;
}

RespDecoder::Step RespDecoder::read_value(std::string_view line) noexcept {
  const char type = line.front();
  line.remove_prefix(1);
  switch (type) {
    case '$':
    case '!':
    case '=':
      return read_blob(type, line);
    case '*':
    case '~':
    case '>':
    case '%':
    case '|':
      return read_aggregate(type, line);
    default:
      break;
  }
  if (const std::string_view reason = scalar_error(type, line); !reason.empty())
    return fail(reason);
  complete_value();
  return Step::next;
}

RespDecoder::Step RespDecoder::read_blob(char type, std::string_view digits) noexcept {
  const auto length = parse_integer(digits);
  const bool null_allowed = type == '$' && direction_ == Direction::reply;
  if (!length || *length < (null_allowed ? -1 : 0)) return fail("invalid bulk length");
  if (*length == -1) {
    complete_value();
    return Step::next;
  }
  // position_ is at most the limit: find_line() and skip_body() see to it.
  const auto bytes = static_cast<std::uint64_t>(*length);
  if (bytes > max_frame_bytes_ || bytes + 2 > max_frame_bytes_ - position_) return fail(too_large);
  body_end_ = position_ + static_cast<std::size_t>(bytes) + 2;
  return Step::next;
}

RespDecoder::Step RespDecoder::skip_body() noexcept {
  if (input_.size() < body_end_) return Step::wait;
  if (input_[body_end_ - 2] != std::byte{'\r'} || input_[body_end_ - 1] != std::byte{'\n'}) {
    return fail("bulk is not followed by CR LF");
  }
  position_ = body_end_;
  body_end_ = 0;
  complete_value();
  return Step::next;
}

RespDecoder::Step RespDecoder::read_aggregate(char type, std::string_view digits) noexcept {
  const auto count = parse_integer(digits);
  if (!count || *count < (type == '*' ? -1 : 0)) return fail("invalid multibulk length");
  const bool pairs = type == '%' || type == '|';
  const std::uint64_t given = *count < 0 ? 0 : static_cast<std::uint64_t>(*count);
  const std::size_t room = max_frame_bytes_ - position_;
  if (given > room / min_value_bytes / (pairs ? 2 : 1))
    return fail("more elements than the limit allows");
  if (direction_ == Direction::request && given > max_request_items)
    return fail("invalid multibulk length");
  if (given == 0) {
    if (type != '|') complete_value();
    return Step::next;
  }
  if (open_.size() == max_depth) return fail("nested too deeply");
  try {
    open_.push_back({static_cast<std::size_t>(given) * (pairs ? 2 : 1), type == '|'});
  } catch (const std::bad_alloc&) {
    return fail("no memory for what is nested");
  }
  return Step::next;
}

/// Closes every aggregate whose last item this was. An attribute is no value: what follows it is.
void RespDecoder::complete_value() noexcept {
  while (!open_.empty()) {
    if (--open_.back().items_left > 0) return;
    const bool was_attribute = open_.back().is_attribute;
    open_.pop_back();
    if (was_attribute) return;
  }
  complete_ = true;
}

RespDecoder::Step RespDecoder::read_inline() noexcept {
  type_ = 'i';
  const std::string_view text(reinterpret_cast<const char*>(input_.data()), input_.size());
  const std::size_t end = text.find('\n', scanned_);
  scanned_ = std::min(end, text.size());
  if (scanned_ >= std::min(max_inline_bytes, max_frame_bytes_))
    return fail("too big inline request");
  const char first = text.front();
  if (!is_letter(first) && first != '\r' && first != '\n' && first != ' ') {
    return fail("expected '*' or a command");
  }
  if (end == std::string_view::npos) return Step::wait;
  std::string_view line = text.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!is_inline_text(line)) return fail("control character in an inline command");
  // Unbalanced quotes would make redis-server close the connection that all clients share.
  if (line.find_first_of("\"'") != std::string_view::npos)
    return fail("quotes in an inline command");
  position_ = end + 1;
  complete_ = true;
  return Step::next;
}

RespDecoder::Step RespDecoder::fail(std::string_view reason) noexcept {
  error_ = reason;
  return Step::failed;
}

}  // namespace proxy
