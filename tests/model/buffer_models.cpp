// Models of a BufferPool as it ships, whose slices other threads read and drop while it goes on filling.
#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "bufferpool/buffer_pool.hpp"
#include "commands.hpp"
#include "support.hpp"

namespace bufferpool::model {
namespace {

constexpr std::size_t kSlotBytes = kLeastSlotBytes;

void on_read(const Slice& slice) { on_plain_read(slice.data()); }
void on_write(std::span<std::byte> filled) { on_plain_write(filled.data()); }

/// A buffer with two frozen slices of 32 bytes, which fill its slot.
template <std::uint64_t kSlots>
struct FilledBuffer {
  FilledBuffer() {
    buffer.emplace(SlotPool(arena.options()));
    for (Slice& slice : slices) {
      on_write(buffer->fill(kSlotBytes / 2));
      slice = buffer->freeze();
    }
  }

  void read_and_drop(Slice& slice) {
    on_read(slice);
    slice = {};
  }

  /// The buffer holds no slot any more.
  void finish() {
    SlotPool pool = buffer->pool();
    for (std::uint64_t slot = 0; slot < kSlots; ++slot) {
      check(pool.try_allocate() != nullptr, "a slot is lost");
    }
    check(pool.try_allocate() == nullptr, "a slot is had twice");
  }

  PoolArena<kSlots> arena;
  std::optional<BufferPool> buffer;
  std::array<Slice, 2> slices;
};

/// Each slice is dropped by a thread of its own while the owner wants room for more: in the same slot, if
/// both are gone, else in another, if there is one.
template <std::uint64_t kSlots>
struct FillAgainstDrops : FilledBuffer<kSlots> {
  static constexpr unsigned kThreads = 3;

  void thread(unsigned index) {
    if (index < 2) return this->read_and_drop(this->slices[index]);
    BufferPool& filling = *this->buffer;
    for (int round = 0; round < 2; ++round) {
      const std::span<std::byte> filled = filling.try_fill(kSlotBytes / 2);
      check(!filled.empty() || kSlots == 1, "there is no room though a slot is free");
      if (!filled.empty()) on_write(filled);
    }
    if (!filling.empty()) this->read_and_drop(frozen = filling.freeze());
    filling.release_idle();
  }

  Slice frozen;
};

/// The buffer ends, and with it the last handle of the pool, while its slices are read and dropped.
struct BufferEndAgainstDrops : FilledBuffer<1> {
  static constexpr unsigned kThreads = 3;

  void thread(unsigned index) {
    if (index < 2) return read_and_drop(slices[index]);
    buffer.reset();
  }
  void finish() const { check(arena.is_freed, "the pool is not freed"); }
  void finish_without_stopped() const {
    check(!arena.is_freed, "the pool is freed while it is in use");
  }
};

/// A message that has begun moves to another slot: what was frozen before stays where it is.
struct MoveAgainstDrop : FilledBuffer<2> {
  static constexpr unsigned kThreads = 2;

  MoveAgainstDrop() {
    read_and_drop(slices[0]);
    read_and_drop(slices[1]);
    on_write(buffer->fill(kSlotBytes / 2));
    slices[0] = buffer->freeze();
    on_write(begun = buffer->fill(kSlotBytes / 4));
    std::ranges::fill(begun, std::byte{7});
  }

  void thread(unsigned index) {
    if (index == 0) return read_and_drop(slices[0]);
    const std::span<std::byte> more = buffer->try_fill(kSlotBytes / 2);
    check(!more.empty(), "there is no room though a slot is free");
    on_write(more);
    check(std::ranges::count(buffer->filled().first(kSlotBytes / 4), std::byte{7}) ==
              static_cast<std::ptrdiff_t>(kSlotBytes / 4),
          "what was being filled has changed");
    slices[1] = buffer->freeze();
    read_and_drop(slices[1]);
    buffer->release_idle();
  }
  std::span<std::byte> begun;
};

}  // namespace

void add_buffer_models(Models& models) {
  models.push_back(make_model<FillAgainstDrops<1>>("buffer_fill_against_drops"));
  models.push_back(make_model<FillAgainstDrops<2>>("buffer_fill_with_a_slot_left"));
  models.push_back(make_model<MoveAgainstDrop>("buffer_move_against_drop"));
  models.push_back(make_model<BufferEndAgainstDrops>("buffer_end_against_drops"));
}

}  // namespace bufferpool::model
