// RESP2 and RESP3 once more, by recursive descent over bytes that are all there: short and slow, and written
// without a look at the decoder that it judges.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace fuzz {

class RespGrammar {
 public:
  RespGrammar(std::string_view text, bool is_request) : text_(text), is_request_(is_request) {}

  /// How long the frame is that the text begins with; none: it is malformed, or not all there.
  [[nodiscard]] std::optional<std::size_t> frame() {
    const bool is_inline = is_request_ && !text_.starts_with('*');
    const bool is_frame = is_inline ? read_inline() : read_value(0);
    return is_frame ? std::optional(at_) : std::nullopt;
  }

 private:
  static constexpr unsigned kMostDepth = 8192;
  static constexpr std::size_t kMostInlineBytes = 64 * 1024;

  bool read_inline() {
    const std::size_t end = text_.find('\n');
    if (end == std::string_view::npos || end >= kMostInlineBytes) return false;
    at_ = end + 1;
    std::string_view line = text_.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool may_begin = line.empty() || line.front() == ' ' || is_letter(line.front());
    return may_begin && std::ranges::none_of(line, [](unsigned char c) {
             return (c < ' ' && c != '\t') || c == 0x7f || c == '"' || c == '\'';
           });
  }

  bool read_value(unsigned depth) {
    const std::optional<std::string_view> line = read_line();
    if (!line || line->empty()) return false;
    const char type = line->front();
    const std::string_view text = line->substr(1);
    if (is_request_ && type != (depth == 0 ? '*' : '$')) return false;
    switch (type) {
      case '$':
      case '!':
      case '=':
        return read_blob(number(text), type == '$' && !is_request_);
      case '*':
      case '~':
      case '>':
        return read_items(number(text), 1, depth) || (type == '*' && text == "-1");
      case '%':
        return read_items(number(text), 2, depth);
      case '|':
        return read_items(number(text), 2, depth) && read_value(depth);
      default:
        return is_scalar(type, text);
    }
  }

  /// Without its CR LF.
  std::optional<std::string_view> read_line() {
    const std::size_t end = text_.find_first_of("\r\n", at_);
    if (text_.substr(std::min(end, text_.size()), 2) != "\r\n") return std::nullopt;
    const std::string_view line = text_.substr(at_, end - at_);
    at_ = end + 2;
    return line;
  }

  bool read_blob(std::optional<std::int64_t> bytes, bool may_be_null) {
    if (bytes == -1) return may_be_null;
    if (!bytes || *bytes < 0) return false;
    const auto length = static_cast<std::size_t>(*bytes);
    if (length > text_.size() - at_ || text_.substr(at_ + length, 2) != "\r\n") return false;
    at_ += length + 2;
    return true;
  }

  bool read_items(std::optional<std::int64_t> count, int values_each, unsigned depth) {
    if (!count || *count < 0 || (*count > 0 && depth == kMostDepth)) return false;
    if (static_cast<std::size_t>(*count) > text_.size()) return false;
    for (std::int64_t left = *count * values_each; left != 0; --left) {
      if (!read_value(depth + 1)) return false;
    }
    return true;
  }

  static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

  static bool is_scalar(char type, std::string_view text) {
    switch (type) {
      case '+':
      case '-':
        return true;
      case ':':
        return is_signed_digits(text) && text.size() <= 20;
      case '(':
        return is_signed_digits(text);
      case ',':
        return !text.empty();
      case '_':
        return text.empty();
      case '#':
        return text == "t" || text == "f";
      default:
        return false;
    }
  }

  static bool is_signed_digits(std::string_view text) {
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  }

  /// -1, or as it is written without a leading zero; no length here needs more than 18 digits.
  static std::optional<std::int64_t> number(std::string_view text) {
    if (text == "-1") return -1;
    if (text.empty() || text.size() > 18 || (text.size() > 1 && text.front() == '0')) {
      return std::nullopt;
    }
    std::int64_t value = 0;
    for (const char c : text) {
      if (c < '0' || c > '9') return std::nullopt;
      value = 10 * value + (c - '0');
    }
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool is_request_;
};

}  // namespace fuzz
