// A buffer, and a std::vector that says what it must hold. Every step does the same to both.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <utility>

#include <gtest/gtest.h>

#include "support/live_slices.hpp"

namespace bufferpool::test {

template <class Buffer>
class BufferModel {
 public:
  /// Steps append up to `most_bytes` at once; up to `most_live` slices are kept.
  BufferModel(Buffer buffer, std::uint64_t seed, std::size_t most_bytes, std::size_t most_live)
      : buffer_(std::move(buffer)), random_(seed), most_bytes_(most_bytes), most_live_(most_live) {}

  void run(std::size_t steps) {
    for (std::size_t i = 0; i < steps && !testing::Test::HasFatalFailure(); ++i) {
      SCOPED_TRACE(testing::Message() << "step " << i);
      step();
      check();
      while (live_.size() > most_live_) live_.disturb(random_);
      if (i % 16 == 0) live_.check_all(buffer_.filled());
    }
  }

  /// Drops everything. The buffer holds no memory then.
  void finish() {
    live_.check_all(buffer_.filled());
    live_.drop_all(random_);
    buffer_.clear();
    buffer_.release_idle();
  }

 private:
  void step() {
    switch (random_() % 20) {
      case 0:
      case 1:
      case 2:
        return write(buffer_.fill(length()));
      case 3:
        return write(buffer_.try_fill(length()));
      case 4:
      case 5:
        return read(buffer_.prepare(length()));
      case 6:
        return read(buffer_.try_prepare(length()));
      case 7:
      case 8:
      case 9:
        return freeze(expected_.size());
      case 10:
      case 11:
        return freeze(part());
      case 12:
        return truncate(random_() % 4 == 0 ? length() : part());
      case 13:
        return consume(part());
      case 14:
        return reserve(expected_.size() + length());
      case 15:
        return append_in_pieces();
      case 16:
        return change_in_place();
      case 17:
        return move();
      case 18:
        return random_() % 8 == 0 ? consume(expected_.size()) : buffer_.release_idle();
      default:
        return live_.disturb(random_);
    }
  }

  /// Short ones are likely, long ones occur.
  std::size_t length() {
    const std::size_t most = std::size_t{1} << (random_() % 24);
    return random_() % (std::min(most, most_bytes_) + 1);
  }
  std::size_t part() { return random_() % (expected_.size() + 1); }

  void write(std::span<std::byte> space) {
    for (std::byte& byte : space) {
      byte = static_cast<std::byte>(random_());
      expected_.push_back(byte);
    }
  }
  void read(std::span<std::byte> space) {
    if (expected_.size() + space.size() > reserved_bytes_) reserved_ = nullptr;
    const std::size_t arrived = random_() % (space.size() + 1);
    write(space.first(arrived));
    buffer_.commit(arrived);
  }
  void freeze(std::size_t bytes) {
    const auto middle = expected_.begin() + static_cast<std::ptrdiff_t>(bytes);
    live_.add(buffer_.freeze(bytes), Bytes(expected_.begin(), middle));
    expected_.erase(expected_.begin(), middle);
    reserved_ = nullptr;
  }
  void truncate(std::size_t bytes) {
    buffer_.truncate(bytes);
    expected_.resize(std::min(bytes, expected_.size()));
  }
  void consume(std::size_t bytes) {
    buffer_.consume(bytes);
    expected_.erase(expected_.begin(), expected_.begin() + static_cast<std::ptrdiff_t>(bytes));
    reserved_ = nullptr;
  }
  void reserve(std::size_t total) {
    buffer_.reserve(total);
    reserved_ = buffer_.filled().data();
    reserved_bytes_ = total;
  }
  void append_in_pieces() {
    auto appender = buffer_.appender();
    for (std::size_t left = random_() % 50; left != 0; --left) {
      write(appender.fill(random_() % (std::min<std::size_t>(most_bytes_, 20) + 1)));
    }
  }
  void change_in_place() {
    for (std::byte& byte : buffer_.filled()) byte = ~byte;
    for (std::byte& byte : expected_) byte = ~byte;
  }
  void move() {
    Buffer moved = std::move(buffer_);
    EXPECT_EQ(buffer_.size(), 0U);  // NOLINT(bugprone-use-after-move): what is tested
    buffer_ = std::move(moved);
  }

  void check() {
    ASSERT_EQ(buffer_.size(), expected_.size());
    ASSERT_TRUE(equal(buffer_.filled(), expected_)) << "what is being filled has changed";
    if (expected_.size() > reserved_bytes_ || expected_.empty()) reserved_ = nullptr;
    if (reserved_ != nullptr) {
      ASSERT_EQ(buffer_.filled().data(), reserved_) << "moved though it was reserved";
    }
  }

  Buffer buffer_;
  std::mt19937_64 random_;
  std::size_t most_bytes_;
  std::size_t most_live_;
  Bytes expected_;
  const std::byte* reserved_ = nullptr;  // where the bytes stay
  std::size_t reserved_bytes_ = 0;       // up to this size
  LiveSlices live_;
};

}  // namespace bufferpool::test
