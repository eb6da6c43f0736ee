// What threads do, and how often they did it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace bufferpool::stress {

enum class Operation : unsigned char {
  take_slot,
  take_run,
  extend_run,
  allocate_block,
  freeze_slice,
  split_slice,
  send,
  receive,
  give_back,
};

inline constexpr std::array kOperationNames{
    "slot taken",  "run taken", "run extended", "block allocated", "slice frozen",
    "slice split", "sent",      "received",     "given back",
};
inline constexpr std::size_t kOperations = kOperationNames.size();

/// Of one thread, or the sum of several.
struct Tally {
  std::array<std::uint64_t, kOperations> done{};
  std::array<std::uint64_t, kOperations> refused{};  // no memory, or nothing there to do it to
  std::uint64_t live_slices = 0;                     // frozen or split off, minus dropped; wraps
  std::uint64_t failures = 0;

  void note(Operation operation, bool was_done) noexcept {
    ++(was_done ? done : refused)[static_cast<std::size_t>(operation)];
  }
  void add(const Tally& other) noexcept {
    for (std::size_t i = 0; i < kOperations; ++i) {
      done[i] += other.done[i];
      refused[i] += other.refused[i];
    }
    live_slices += other.live_slices;
    failures += other.failures;
  }
};

}  // namespace bufferpool::stress
