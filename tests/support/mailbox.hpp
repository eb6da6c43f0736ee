// Things on their way from thread to thread, without an order. Any thread may call any function.
#pragma once

#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace bufferpool::test {

template <class T>
class Mailbox {
 public:
  void send(T thing) {
    const std::lock_guard lock(mutex_);
    things_.push_back(std::move(thing));
  }
  /// None where there is none at the moment.
  [[nodiscard]] std::optional<T> receive() {
    const std::lock_guard lock(mutex_);
    if (things_.empty()) return std::nullopt;
    std::optional<T> thing(std::move(things_.back()));
    things_.pop_back();
    return thing;
  }

 private:
  std::mutex mutex_;
  std::vector<T> things_;
};

}  // namespace bufferpool::test
