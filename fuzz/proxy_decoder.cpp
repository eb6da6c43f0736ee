// The decoder of examples/proxy, fed in pieces of any length out of a BufferPool, a SystemBuffer, and memory
// of just the right size, behind which nothing may be read: all three agree, at every step. They find the
// frames that a decoder finds to which everything arrives at once, and that is what the grammar says. What
// is malformed stays so.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <optional>
#include <random>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "command.hpp"
#include "input.hpp"
#include "live_slices.hpp"
#include "require.hpp"
#include "resp_decoder.hpp"
#include "resp_grammar.hpp"
#include <bufferpool/buffer_pool.hpp>
#include <bufferpool/system_buffer.hpp>

namespace {

using fuzz::Bytes;
using fuzz::require;
using proxy::Decoded;
using proxy::DecodeStatus;
using proxy::Direction;
using BytesView = std::span<const std::byte>;

struct Options {
  Direction direction;
  std::size_t limit;
};

bool is_same(const Decoded& a, const Decoded& b) {
  return a.status == b.status && a.type == b.type && a.bytes == b.bytes && a.reason == b.reason;
}

bool is_same(const proxy::Verdict& a, const proxy::Verdict& b) {
  return a.route == b.route && a.answer == b.answer;
}

std::string_view text_of(BytesView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// What a stream led to.
struct Outcome {
  std::vector<std::size_t> frames;  // how long each is
  bool is_malformed = false;
  bool operator==(const Outcome&) const = default;
};

/// Everything has arrived. Each step is checked against the grammar.
Outcome decode_at_once(BytesView stream, Options options) {
  proxy::RespDecoder decoder(options.direction, options.limit);
  Outcome outcome;
  for (;;) {
    const Bytes exact(stream.begin(), stream.end());
    const Decoded next = decoder.feed(exact);
    const std::string_view within = text_of(exact).substr(0, options.limit);
    const auto frame = fuzz::RespGrammar(within, options.direction == Direction::request).frame();
    require(frame.has_value() == (next.status == DecodeStatus::frame), "not what the grammar says");
    outcome.is_malformed = next.status == DecodeStatus::malformed;
    if (!frame) return outcome;
    require(next.bytes == *frame, "a frame ends elsewhere than the grammar says");
    outcome.frames.push_back(next.bytes);
    stream = stream.subspan(next.bytes);
  }
}

/// One end of a connection, as in frame_reader.hpp.
template <bufferpool::FillBuffer Buffer>
class Reader {
 public:
  Reader(Buffer buffer, Options options)
      : buffer_(std::move(buffer)), decoder_(options.direction, options.limit) {}

  void arrive(BytesView piece) {
    const std::span<std::byte> space = buffer_.prepare(piece.size() + 16);
    std::memcpy(space.data(), piece.data(), piece.size());
    buffer_.commit(piece.size());
  }
  Decoded decode() { return decoder_.feed(buffer_.filled()); }
  bufferpool::Slice take(std::size_t bytes) { return buffer_.freeze(bytes); }
  void release_idle() { buffer_.release_idle(); }

 private:
  Buffer buffer_;
  proxy::RespDecoder decoder_;
};

class Comparison {
 public:
  Comparison(std::size_t capacity_bytes, Options options)
      : options_(options),
        pooled_(bufferpool::BufferPool(capacity_bytes), options),
        system_(bufferpool::SystemBuffer(), options),
        exact_decoder_(options.direction, options.limit) {}

  void arrive(BytesView piece) {
    pooled_.arrive(piece);
    system_.arrive(piece);
    rest_.insert(rest_.end(), piece.begin(), piece.end());
    while (!outcome_.is_malformed) {
      const Decoded next = decode();
      if (next.status == DecodeStatus::need_more) return wait(next);
      if (next.status == DecodeStatus::malformed) return refuse(next);
      take(next);
    }
  }

  [[nodiscard]] const Outcome& outcome() const { return outcome_; }

 private:
  Decoded decode() {
    const Bytes exact = rest_;
    const Decoded next = exact_decoder_.feed(exact);
    require(is_same(next, pooled_.decode()), "the decoder over a BufferPool differs");
    require(is_same(next, system_.decode()), "the decoder over a SystemBuffer differs");
    return next;
  }

  /// It asks for more than it has, never for less than before, and within the limit.
  void wait(const Decoded& next) {
    require(next.bytes > rest_.size() && next.bytes >= least_bytes_, "it waits for what it has");
    require(rest_.size() <= options_.limit, "it waits beyond the limit");
    least_bytes_ = next.bytes;
    if (rest_.empty()) {
      pooled_.release_idle();
      system_.release_idle();
    }
  }

  void refuse(const Decoded& next) {
    require(!next.reason.empty() && next.bytes == 0, "malformed, and no reason given");
    require(next.reason.find_first_of("\r\n") == std::string_view::npos, "a reason breaks a line");
    require(is_same(next, decode()), "malformed, and then not");
    outcome_.is_malformed = true;
  }

  void take(const Decoded& next) {
    require(next.bytes != 0 && next.bytes <= rest_.size(), "a frame beyond what arrived");
    require(next.bytes >= least_bytes_ && next.bytes <= options_.limit, "a frame of a bad length");
    const auto end = rest_.begin() + static_cast<std::ptrdiff_t>(next.bytes);
    const Bytes frame(rest_.begin(), end);
    rest_.erase(rest_.begin(), end);
    least_bytes_ = 0;
    outcome_.frames.push_back(next.bytes);
    fuzz::LiveSlice pooled{pooled_.take(next.bytes), frame};
    const bufferpool::Slice system = system_.take(next.bytes);
    require(fuzz::is_equal(system, frame), "a frame over a SystemBuffer differs");
    judge(pooled.slice, frame);
    keep(std::move(pooled));
  }

  void judge(const bufferpool::Slice& pooled, const Bytes& frame) const {
    if (options_.direction != Direction::request) return;
    require(is_same(proxy::judge(pooled), proxy::judge(frame)), "a command is judged otherwise");
  }

  void keep(fuzz::LiveSlice pooled) {
    pooled.check();
    kept_.push_back(std::move(pooled));
    if (kept_.size() <= kMostKept) return;
    kept_.front().check();
    kept_.pop_front();
  }

  static constexpr std::size_t kMostKept = 4;

  Options options_;
  Reader<bufferpool::BufferPool> pooled_;
  Reader<bufferpool::SystemBuffer> system_;
  proxy::RespDecoder exact_decoder_;
  Bytes rest_;  // what no frame was found in yet
  std::size_t least_bytes_ = 0;
  Outcome outcome_;
  std::deque<fuzz::LiveSlice> kept_;
};

void run(fuzz::Input input) {
  constexpr std::size_t limits[] = {1 << 20, 1 << 20, 4096, 256, 30, 0};
  constexpr std::size_t capacities[] = {4096, 256, 64, 0};
  constexpr std::size_t pieces[] = {1, 3, 16, 100, 4096};
  const Options options{input.below(2) == 0 ? Direction::request : Direction::reply,
                        input.one_of(limits)};
  Comparison comparison(input.one_of(capacities), options);
  const std::size_t most_piece = input.one_of(pieces);
  std::minstd_rand random(1 + static_cast<unsigned>(input.number(1)));
  const BytesView stream = std::as_bytes(input.rest());
  for (BytesView left = stream; !left.empty();) {
    const std::size_t piece = std::min<std::size_t>(1 + random() % most_piece, left.size());
    comparison.arrive(left.first(piece));
    left = left.subspan(piece);
  }
  require(comparison.outcome() == decode_at_once(stream, options), "pieces lead elsewhere");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  run(fuzz::Input({data, size}));
  return 0;
}
