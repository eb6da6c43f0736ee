// Finds the end of one RESP2 or RESP3 frame in bytes that arrive in pieces, and copies nothing.
// Invariant: every byte before `position_` was parsed and every byte before `scanned_` was looked
// at; neither is looked at again, so that the cost is linear however small the pieces are.
// Independent of sockets. One decoder per direction of a connection, not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace proxy {

enum class DecodeStatus : std::uint8_t { need_more, frame, malformed };

/// A request is an array of bulk strings or an inline command; a reply is any RESP value.
enum class Direction : std::uint8_t { request, reply };

struct Decoded {
  DecodeStatus status = DecodeStatus::need_more;
  /// The type byte of a whole frame, attributes skipped; 'i' for an inline command.
  char type = 0;
  /// frame: its bytes. need_more: the least its bytes can be, as far as is known. malformed: 0.
  std::size_t bytes = 0;
  /// Why it is malformed, for an error reply: static text without CR or LF.
  std::string_view reason;
};

class RespDecoder {
 public:
  /// Deeper than Lua's stack lets a script of redis-server reply.
  static constexpr std::size_t max_depth = 8192;
  /// As redis-server: what is longer would make it close the connection that all clients share.
  static constexpr std::size_t max_inline_bytes = 64 * 1024;
  static constexpr std::size_t max_request_items = 1024 * 1024;

  RespDecoder(Direction direction, std::size_t max_frame_bytes) noexcept
      : max_frame_bytes_(max_frame_bytes), direction_(direction) {}

  /// `frame_so_far` starts at the frame's first byte and has at least the bytes of the previous
  /// call. After `frame` the decoder stands at the start of the next one, whose first byte follows
  /// this frame's last. After `malformed` every call says so again, until reset().
  Decoded feed(std::span<const std::byte> frame_so_far) noexcept;

  void reset() noexcept;

 private:
  /// What one step led to: go on, or wait for bytes, or stop because of `error_`.
  enum class Step : std::uint8_t { next, wait, failed };

  struct Aggregate {
    std::size_t items_left;
    bool is_attribute;
  };

  Step step() noexcept;
  Step read_value(std::string_view line) noexcept;
  Step read_aggregate(char type, std::string_view digits) noexcept;
  Step read_blob(char type, std::string_view digits) noexcept;
  Step read_inline() noexcept;
  Step skip_body() noexcept;
  Step find_line(char type) noexcept;
  void complete_value() noexcept;
  Step fail(std::string_view reason) noexcept;

  std::span<const std::byte> input_;  // only inside feed()
  std::string_view line_;             // only inside feed()
  std::string_view error_;
  std::size_t max_frame_bytes_;
  std::size_t position_ = 0;
  std::size_t scanned_ = 0;
  std::size_t body_end_ = 0;     // of the blob whose body is awaited, its CR LF included; 0: none
  std::vector<Aggregate> open_;  // from the outermost on
  Direction direction_;
  char type_ = 0;
  bool complete_ = false;
};

/// Strict: an optional minus, no plus, no leading zero, nothing behind it, no overflow.
std::optional<std::int64_t> parse_integer(std::string_view digits) noexcept;

}  // namespace proxy
