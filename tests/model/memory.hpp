// Memory as C++ promises it, not as this machine has it: every location keeps all its stores, in
// modification order, and a load may read any that neither coherence nor happens-before hides.
//
//   history:  | initial | store | store + RMW | store |     a glued pair: nothing comes in between
//                          ^ floor: the reader knows of it, or of a read of it; none before may be read
//
// A store may also come earlier in modification order than ones that were executed before it. What is not
// modelled: a load that reads a store which is executed later (load buffering).
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bufferpool_model/atomic.hpp"
#include "clock.hpp"

namespace bufferpool::model {

inline constexpr std::uint32_t kNever = std::numeric_limits<std::uint32_t>::max();

struct Store {
  std::uint64_t value = 0;
  unsigned thread = 0;
  std::uint32_t time = 0;  // 0: from before the threads
  bool is_change = false;  // a read-modify-write, glued to the one before
  VectorClock sync;        // what an acquire load of it learns
  std::array<std::uint32_t, kMostThreads> first_read{kNever, kNever, kNever, kNever};

  [[nodiscard]] std::uint64_t id() const noexcept {
    return time == 0 ? 0 : std::uint64_t{thread + 1} << 32 | time;
  }
};

struct Location {
  Cell cell{};
  std::vector<Store> history;
  std::size_t sc_floor = 0;  // a seq_cst operation reads no store before this
  std::array<std::uint32_t, kMostThreads> last_access{};
  std::uint64_t hash = 0;
  std::uint64_t execution = 0;  // whose history this is
  // Of all executions: which threads touch it, and whether one of several writes.
  unsigned touched_by = 0;
  bool is_written = false;
  bool is_shared = false;

  [[nodiscard]] std::size_t latest() const noexcept { return history.size() - 1; }
  [[nodiscard]] bool is_glued(std::size_t index) const noexcept {
    return index < latest() && history[index + 1].is_change;
  }
};

class Memory {
 public:
  /// Forgets the history of every location; what threads share is still known.
  void begin_execution() noexcept;

  [[nodiscard]] Location& locate(Cell cell);

  /// True: it has turned out that threads share this location, which nobody knew.
  [[nodiscard]] static bool learns_sharing(Location& location, unsigned thread,
                                           bool writes) noexcept;

  /// The first store that the thread may read.
  [[nodiscard]] static std::size_t floor_of(const Location& location, const ThreadView& thread,
                                            std::memory_order order) noexcept;

  /// The thread reads store `index`, or puts a store behind it.
  void read(Location& location, std::size_t index, ThreadView& thread, std::memory_order order);
  void write(Location& location, std::size_t index, const Store& store, ThreadView& thread,
             std::memory_order order);
  void fence(ThreadView& thread, std::memory_order order);

  /// Something else begins here, with the bytes that are there now as its first value.
  void forget(const void* address) noexcept { locations_[address].execution = 0; }

  // --- Plain data: a race is an error.
  void read_plain(const void* address, const ThreadView& thread);
  void write_plain(const void* address, const ThreadView& thread);

  /// The memory is gone: whoever touched it came before, and nobody touches it again.
  void retire(const void* address, std::size_t bytes, const ThreadView& thread);

  /// Of every location's modification order, and the order of the seq_cst operations.
  [[nodiscard]] std::uint64_t hash() const noexcept { return mix(locations_hash_, sc_hash_); }

  /// For messages: "name+8".
  void name(const void* address, std::size_t bytes, std::string text);
  [[nodiscard]] std::string name_of(const void* address) const;

 private:
  struct Plain {
    std::uint64_t execution = 0;
    unsigned writer = 0;
    std::uint32_t written = 0;
    std::array<std::uint32_t, kMostThreads> read{};
  };
  struct Range {
    const char* begin;
    std::size_t bytes;
    std::string name;
    [[nodiscard]] bool holds(const void* address) const noexcept {
      return static_cast<std::size_t>(static_cast<const char*>(address) - begin) < bytes;
    }
  };

  void start(Location& location);
  void rehash(Location& location) noexcept;
  void note_order(Location& location, std::size_t index, const ThreadView& thread,
                  std::memory_order order) noexcept;
  void check_alive(const void* address) const;
  Plain& plain(const void* address);

  std::unordered_map<const void*, Location> locations_;
  std::unordered_map<const void*, Plain> plains_;
  std::vector<Range> retired_;
  std::vector<Range> names_;
  VectorClock sc_clock_;
  std::uint64_t execution_ = 1;
  std::uint64_t locations_hash_ = 0;
  std::uint64_t sc_hash_ = 0;
};

}  // namespace bufferpool::model
