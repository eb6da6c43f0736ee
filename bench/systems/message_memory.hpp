// What a system must offer to take part: append bytes, then freeze them into a slice that owns
// them.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <utility>

namespace seed_bench {

template <class Memory>
using SliceOf = decltype(std::declval<Memory&>().freeze());

template <class Memory>
concept MessageMemory = requires(Memory& memory, SliceOf<Memory>& slice) {
  { memory.fill(std::size_t{}) } -> std::convertible_to<std::span<std::byte>>;
  { slice.data() } -> std::convertible_to<std::byte*>;
  { slice.size() } -> std::convertible_to<std::size_t>;
}
&&std::movable<SliceOf<Memory>>&& std::default_initializable<SliceOf<Memory>>;

/// False for a system that overwrites what it has frozen, so that its bytes cannot be checked.
template <MessageMemory Memory>
inline constexpr bool keeps_bytes = true;

}  // namespace seed_bench
