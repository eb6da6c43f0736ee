// Something that a thread holds, stamped all over: slots, a block or a slice. Whoever has it may give it back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "bufferpool/slice.hpp"
#include "stamp.hpp"

namespace bufferpool::stress {

struct Holding {
  enum class Kind : unsigned char { slots, block, slice };

  Kind kind;
  std::span<std::byte> bytes;
  std::size_t measure;  // of slots: how many; of a block: its alignment
  Stamp stamp;
  Slice slice;  // of a slice
};

[[nodiscard]] constexpr const char* name_of(Holding::Kind kind) noexcept {
  if (kind == Holding::Kind::slots) return "slots";
  return kind == Holding::Kind::block ? "block" : "slice";
}

}  // namespace bufferpool::stress
