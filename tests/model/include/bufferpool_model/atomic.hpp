// The checker's atomic, in the place of std::atomic: every operation is reported to the checker, which
// decides what it reads and which thread goes on. It is as large as its value, whose bytes are the last
// value in modification order; all else that is known about it is kept aside, by its address.
// Outside of an execution it is a plain variable.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace bufferpool::model {

/// Where in the source an operation stands: by it an order is weakened, and a trace printed.
struct Site {
  const char* file;
  const char* function;
  int line;
};

struct Cell {
  void* address;
  unsigned bytes;
};

struct Orders {
  std::memory_order success;
  std::memory_order failure;
};

enum class Change { exchange, add, subtract, bit_and, bit_or, bit_xor };

struct Comparison {
  std::uint64_t expected;
  std::uint64_t desired;
  bool may_fail_spuriously;
};

struct Compared {
  bool exchanged;
  std::uint64_t seen;
};

std::uint64_t on_load(Cell cell, std::memory_order order, Site site);
void on_store(Cell cell, std::uint64_t value, std::memory_order order, Site site);
std::uint64_t on_change(Cell cell, Change change, std::uint64_t operand, std::memory_order order,
                        Site site);
Compared on_compare_exchange(Cell cell, const Comparison& comparison, Orders orders, Site site);
/// What was known of this memory is about something else.
void on_construct(Cell cell);
void on_fence(std::memory_order order);

/// The order of a failure where only that of a success is given.
[[nodiscard]] constexpr std::memory_order without_release(std::memory_order order) noexcept {
  if (order == std::memory_order_acq_rel) return std::memory_order_acquire;
  return order == std::memory_order_release ? std::memory_order_relaxed : order;
}

}  // namespace bufferpool::model

namespace bufferpool {

template <class T>
class Atomic {
  static_assert(sizeof(T) <= sizeof(std::uint64_t));
  using Order = std::memory_order;
  static constexpr Order kDefault = std::memory_order_seq_cst;

 public:
  static constexpr bool is_always_lock_free = true;

  constexpr Atomic() noexcept : Atomic(T{}) {}
  constexpr Atomic(T value) noexcept : value_(value) {
    if (!std::is_constant_evaluated()) model::on_construct(cell());
  }
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;

  // The last three parameters of each are never given: their defaults name the place of the call.

  T load(Order order = kDefault, const char* file = __builtin_FILE(),
         const char* function = __builtin_FUNCTION(), int line = __builtin_LINE()) const noexcept {
    return decode(model::on_load(cell(), order, {file, function, line}));
  }

  void store(T value, Order order = kDefault, const char* file = __builtin_FILE(),
             const char* function = __builtin_FUNCTION(), int line = __builtin_LINE()) noexcept {
    model::on_store(cell(), encode(value), order, {file, function, line});
  }

  T exchange(T value, Order order = kDefault, const char* file = __builtin_FILE(),
             const char* function = __builtin_FUNCTION(), int line = __builtin_LINE()) noexcept {
    return change(model::Change::exchange, value, order, {file, function, line});
  }

  T fetch_add(T value, Order order = kDefault, const char* file = __builtin_FILE(),
              const char* function = __builtin_FUNCTION(), int line = __builtin_LINE()) noexcept {
    return change(model::Change::add, value, order, {file, function, line});
  }

  T fetch_sub(T value, Order order = kDefault, const char* file = __builtin_FILE(),
              const char* function = __builtin_FUNCTION(), int line = __builtin_LINE()) noexcept {
    return change(model::Change::subtract, value, order, {file, function, line});
  }

  T fetch_and(T value, Order order = kDefault, const char* file = __builtin_FILE(),
              const char* function = __builtin_FUNCTION(), int line = __builtin_LINE()) noexcept {
    return change(model::Change::bit_and, value, order, {file, function, line});
  }

  T fetch_or(T value, Order order = kDefault, const char* file = __builtin_FILE(),
             const char* function = __builtin_FUNCTION(), int line = __builtin_LINE()) noexcept {
    return change(model::Change::bit_or, value, order, {file, function, line});
  }

  T fetch_xor(T value, Order order = kDefault, const char* file = __builtin_FILE(),
              const char* function = __builtin_FUNCTION(), int line = __builtin_LINE()) noexcept {
    return change(model::Change::bit_xor, value, order, {file, function, line});
  }

  bool compare_exchange_weak(T& expected, T desired, Order success, Order failure,
                             const char* file = __builtin_FILE(),
                             const char* function = __builtin_FUNCTION(),
                             int line = __builtin_LINE()) noexcept {
    return compare(expected, {encode(expected), encode(desired), true}, {success, failure},
                   {file, function, line});
  }

  bool compare_exchange_weak(T& expected, T desired, Order order = kDefault,
                             const char* file = __builtin_FILE(),
                             const char* function = __builtin_FUNCTION(),
                             int line = __builtin_LINE()) noexcept {
    return compare(expected, {encode(expected), encode(desired), true},
                   {order, model::without_release(order)}, {file, function, line});
  }

  bool compare_exchange_strong(T& expected, T desired, Order success, Order failure,
                               const char* file = __builtin_FILE(),
                               const char* function = __builtin_FUNCTION(),
                               int line = __builtin_LINE()) noexcept {
    return compare(expected, {encode(expected), encode(desired), false}, {success, failure},
                   {file, function, line});
  }

  bool compare_exchange_strong(T& expected, T desired, Order order = kDefault,
                               const char* file = __builtin_FILE(),
                               const char* function = __builtin_FUNCTION(),
                               int line = __builtin_LINE()) noexcept {
    return compare(expected, {encode(expected), encode(desired), false},
                   {order, model::without_release(order)}, {file, function, line});
  }

 private:
  [[nodiscard]] model::Cell cell() const noexcept {
    return {const_cast<T*>(&value_), static_cast<unsigned>(sizeof(T))};
  }
  [[nodiscard]] static std::uint64_t encode(T value) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, &value, sizeof value);
    return word;
  }
  [[nodiscard]] static T decode(std::uint64_t word) noexcept {
    T value;
    std::memcpy(&value, &word, sizeof value);
    return value;
  }
  T change(model::Change what, T operand, Order order, model::Site site) noexcept {
    return decode(model::on_change(cell(), what, encode(operand), order, site));
  }
  bool compare(T& expected, const model::Comparison& comparison, model::Orders orders,
               model::Site site) noexcept {
    const model::Compared result = model::on_compare_exchange(cell(), comparison, orders, site);
    if (!result.exchanged) expected = decode(result.seen);
    return result.exchanged;
  }

  T value_;
};

}  // namespace bufferpool
