// One atomic operation of the running thread, from the moment at which another thread may go on instead.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "execution.hpp"

namespace bufferpool::model {

struct Operation {
  Operation(Execution& execution, Cell cell, bool writes, std::memory_order stated, Site where);

  /// What may be read: the last store, and if `run` has not had its share of stale ones, all down to here.
  [[nodiscard]] std::size_t floor() const noexcept;

  /// Stores behind which a change, or a store, may come: the last one, then earlier ones.
  [[nodiscard]] std::vector<std::size_t>& places() const;

  /// Chooses among `count` stores of which only the first is the last one.
  [[nodiscard]] unsigned choose_store(ChoiceKind kind, std::size_t count) const;

  void trace(const char* what, std::uint64_t value, bool is_stale) const;

  Execution& run;
  Location& at;
  std::memory_order order;
  Site site;
};

[[nodiscard]] inline std::uint64_t read_bytes(Cell cell) noexcept {
  std::uint64_t value = 0;
  std::memcpy(&value, cell.address, cell.bytes);
  return value;
}

inline void write_bytes(Cell cell, std::uint64_t value) noexcept {
  std::memcpy(cell.address, &value, cell.bytes);
}

}  // namespace bufferpool::model
