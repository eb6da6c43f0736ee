// A bounded queue between threads. Any thread may call any function.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace bufferpool::test {

template <class T>
class Handoff {
 public:
  explicit Handoff(std::size_t most) : most_(most) {}

  /// Waits while the queue is full.
  void put(T item) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return items_.size() < most_; });
    items_.push_back(std::move(item));
    changed_.notify_all();
  }

  /// Waits for an item; none when the queue is closed and empty.
  [[nodiscard]] std::optional<T> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !items_.empty() || closed_; });
    if (items_.empty()) return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    changed_.notify_all();
    return item;
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> items_;
  std::size_t most_;
  bool closed_ = false;
};

}  // namespace bufferpool::test
