// A buffer, and a vector that says what it must hold. Every step does the same to both.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <new>
#include <optional>
#include <span>
#include <utility>

#include "input.hpp"
#include "live_slices.hpp"
#include "require.hpp"
#include <bufferpool/buffer_pool.hpp>

namespace fuzz {

struct WalkLimits {
  unsigned length_bits;        // of what a step asks for
  std::size_t most_written;    // of it; of what is longer, only the last byte is touched
  std::size_t most_untouched;  // longer ones are asked for only where they cannot be had
};

class BufferWalk {
 public:
  BufferWalk(bufferpool::BufferPool buffer, WalkLimits limits)
      : buffer_(std::move(buffer)), limits_(limits) {}

  /// Returns what was frozen, if anything.
  std::optional<LiveSlice> step(Input& input) {
    frozen_.reset();
    try {
      (this->*kSteps[input.below(std::size(kSteps))])(input);
    } catch (const std::bad_alloc&) {
      // With nothing changed, as is checked now.
    }
    check();
    return std::exchange(frozen_, std::nullopt);
  }

  [[nodiscard]] LiveRanges::Range filled() const { return buffer_.filled(); }
  [[nodiscard]] const bufferpool::SlotPool& pool() const { return buffer_.pool(); }

  /// Holds no memory any more, but for its slices'.
  void finish() {
    buffer_.clear();
    expected_.clear();
    buffer_.release_idle();
  }

 private:
  using Step = void (BufferWalk::*)(Input&);

  void fill(Input& input) {
    const std::size_t bytes = length(input);
    write(buffer_.fill(bytes));
  }
  void try_fill(Input& input) {
    const std::size_t bytes = length(input);
    const std::span<std::byte> space = buffer_.try_fill(bytes);
    require(space.empty() || space.size() == bytes, "try_fill gave another length");
    write(space);
  }
  void fill_small(Input& input) { write(buffer_.fill(input.below(32))); }
  void prepare(Input& input) { read(buffer_.prepare(length(input)), input); }
  void try_prepare(Input& input) { read(buffer_.try_prepare(length(input)), input); }
  void freeze(Input&) {
    frozen_ = LiveSlice{buffer_.freeze(), std::exchange(expected_, {})};
    reserved_ = nullptr;
  }
  void freeze_part(Input& input) {
    const std::size_t bytes = part(input);
    frozen_ = LiveSlice{buffer_.freeze(bytes), Bytes(expected_.begin(), middle(bytes))};
    forget_front(bytes);
  }
  void truncate(Input& input) {
    const std::size_t bytes = part(input);
    buffer_.truncate(bytes);
    expected_.resize(bytes);
  }
  void consume(Input& input) {
    const std::size_t bytes = part(input);
    buffer_.consume(bytes);
    forget_front(bytes);
  }
  void reserve(Input& input) {
    const std::size_t bytes = length(input);
    buffer_.reserve(bytes);
    reserved_ = buffer_.filled().data();
    reserved_bytes_ = bytes;
  }
  void append_in_pieces(Input& input) {
    if (expected_.size() > limits_.most_written / 2) return;
    auto appender = buffer_.appender();
    for (std::size_t left = input.below(16); left != 0; --left) {
      write(appender.fill(input.below(32)));
    }
  }
  void change_in_place(Input&) {
    for (std::byte& byte : buffer_.filled()) byte = ~byte;
    for (std::byte& byte : expected_) byte = ~byte;
  }
  void move(Input&) {
    bufferpool::BufferPool moved = std::move(buffer_);
    require(buffer_.empty(), "a buffer that was moved from holds something");  // NOLINT
    buffer_ = std::move(moved);
  }
  void release_idle(Input&) { buffer_.release_idle(); }
  void clear(Input&) {
    buffer_.clear();
    expected_.clear();
  }

  static constexpr Step kSteps[] = {&BufferWalk::fill,         &BufferWalk::fill,
                                    &BufferWalk::fill_small,   &BufferWalk::fill_small,
                                    &BufferWalk::try_fill,     &BufferWalk::prepare,
                                    &BufferWalk::prepare,      &BufferWalk::try_prepare,
                                    &BufferWalk::freeze,       &BufferWalk::freeze_part,
                                    &BufferWalk::truncate,     &BufferWalk::consume,
                                    &BufferWalk::reserve,      &BufferWalk::append_in_pieces,
                                    &BufferWalk::move,         &BufferWalk::change_in_place,
                                    &BufferWalk::release_idle, &BufferWalk::clear};

  [[nodiscard]] std::size_t length(Input& input) const {
    const std::size_t bytes = input.of_any_magnitude(limits_.length_bits);
    const std::size_t slot_bytes = pool().slot_bytes();
    const bool can_be_had = bytes / slot_bytes <= pool().slots();
    const std::size_t most = std::min(limits_.most_untouched, slot_bytes * kMostSlots);
    return can_be_had ? std::min(bytes, most) : bytes;
  }
  [[nodiscard]] std::size_t part(Input& input) const { return input.below(expected_.size() + 1); }

  /// Too much of it is forgotten again: the fuzzer's memory is bounded.
  void write(std::span<std::byte> space) {
    const std::size_t before = expected_.size();
    if (before + space.size() > reserved_bytes_) reserved_ = nullptr;
    if (space.size() > limits_.most_written || before > limits_.most_written) {
      if (!space.empty()) space.back() = std::byte{1};
      return buffer_.truncate(before);
    }
    for (std::byte& byte : space) byte = static_cast<std::byte>(++stamp_ >> 3);
    expected_.insert(expected_.end(), space.begin(), space.end());
  }
  void read(std::span<std::byte> space, Input& input) {
    if (expected_.size() + space.size() > reserved_bytes_) reserved_ = nullptr;
    if (!space.empty()) space.back() = std::byte{2};
    const std::size_t room =
        limits_.most_written - std::min(limits_.most_written, expected_.size());
    const std::size_t arrived = input.below(std::min(room, space.size()) + 1);
    write(space.first(arrived));
    buffer_.commit(arrived);
  }
  [[nodiscard]] Bytes::iterator middle(std::size_t bytes) {
    return expected_.begin() + static_cast<std::ptrdiff_t>(bytes);
  }
  void forget_front(std::size_t bytes) {
    expected_.erase(expected_.begin(), middle(bytes));
    reserved_ = nullptr;
  }

  void check() {
    require(is_equal(buffer_.filled(), expected_), "what is being filled has changed");
    if (expected_.size() > reserved_bytes_ || expected_.empty()) reserved_ = nullptr;
    require(reserved_ == nullptr || buffer_.filled().data() == reserved_, "moved though reserved");
  }

  static constexpr std::size_t kMostSlots = 1 << 16;  // of a run, which is more work than bytes are

  bufferpool::BufferPool buffer_;
  WalkLimits limits_;
  Bytes expected_;
  std::optional<LiveSlice> frozen_;
  const std::byte* reserved_ = nullptr;  // where the bytes stay
  std::size_t reserved_bytes_ = 0;       // up to this size
  std::uint32_t stamp_ = 0;
};

}  // namespace fuzz
