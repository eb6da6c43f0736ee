// A bounded queue from one thread to one other for values that can only be moved. The ring of boost
// carries the number of the cell whose turn it is; the cells carry the values. A cell belongs to
// the consumer from push to pop, which are the only two points where the threads meet.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include <boost/lockfree/spsc_queue.hpp>

namespace seed_bench {

template <class Value, std::size_t capacity>
class HandoffQueue {
 public:
  /// Producer. Leaves `value` as it is when the queue is full.
  [[nodiscard]] bool try_push(Value& value) {
    if (turns_.write_available() == 0) return false;
    cells_[next_cell_] = std::move(value);
    turns_.push(next_cell_);
    next_cell_ = (next_cell_ + 1) % capacity;
    return true;
  }

  /// Consumer.
  [[nodiscard]] std::optional<Value> try_pop() {
    std::optional<Value> value;
    turns_.consume_one([&](std::uint32_t cell) { value.emplace(std::move(cells_[cell])); });
    return value;
  }

 private:
  std::array<Value, capacity> cells_;
  boost::lockfree::spsc_queue<std::uint32_t, boost::lockfree::capacity<capacity>> turns_;
  std::uint32_t next_cell_ = 0;
};

}  // namespace seed_bench
