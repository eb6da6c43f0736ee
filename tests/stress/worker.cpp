#include "worker.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <utility>

namespace bufferpool::stress {
namespace {

using enum Operation;

/// Each as often as it is likely. More is taken than is given back, until the thread holds its most.
constexpr std::array kMix{
    take_slot,      take_slot,      take_slot,    take_slot,    take_run,    extend_run,
    allocate_block, allocate_block, freeze_slice, freeze_slice, split_slice, send,
    allocate_block, allocate_block, freeze_slice, freeze_slice, send,        receive,
    receive,        give_back,      give_back,    give_back,    give_back,   give_back,
    give_back,      give_back,      give_back,    give_back,
};

/// The pool's count of slots and upstream's state are looked at after so many operations.
constexpr std::uint64_t kBatch = 256;

}  // namespace

Worker::Worker(Ground& ground, std::uint64_t number)
    : ground_(ground),
      buffer_(ground.pool),
      random_(ground.options.seed * 1'000'003 + number),
      last_stamp_(number << 32),
      most_held_(8 + random_() % 200) {}

Tally Worker::work(std::uint64_t operations) {
  for (std::uint64_t i = 1; i <= operations; ++i) {
    step();
    if (i % kBatch == 0) ground_.note_done(kBatch);
  }
  ground_.note_done(operations % kBatch);
  // Half of what it holds is found by its successors.
  while (!held_.empty()) {
    if (random_() % 2 != 0 || !send()) stress::give_back(ground_, take_any(), tally_);
  }
  return tally_;
}

void Worker::step() {
  Operation operation = kMix[random_() % kMix.size()];
  if (held_.size() >= most_held_ && operation < Operation::send) operation = Operation::give_back;
  bool was_done = false;
  try {
    was_done = perform(operation);
  } catch (const std::bad_alloc&) {  // the pool and upstream are empty
  }
  tally_.note(operation, was_done);
}

bool Worker::perform(Operation operation) {
  switch (operation) {
    case Operation::take_slot:
      return take_slot();
    case Operation::take_run:
      return take_run();
    case Operation::extend_run:
      return extend_run();
    case Operation::allocate_block:
      return allocate_block();
    case Operation::freeze_slice:
      return freeze_slice();
    case Operation::split_slice:
      return split_slice();
    case Operation::send:
      return send();
    case Operation::receive:
      return receive();
    default:
      return give_back_any();
  }
}

Stamp Worker::next_stamp() noexcept { return static_cast<Stamp>(++last_stamp_); }

bool Worker::take_slot() {
  void* const slot = random_() % 2 != 0 ? ground_.pool.try_allocate() : ground_.pool.allocate();
  if (slot != nullptr) keep_slots(slot, 1);
  return slot != nullptr;
}

bool Worker::take_run() {
  const std::uint64_t slots = 2 + random_() % 6;
  keep_slots(ground_.pool.allocate_run(slots), slots);
  return true;
}

void Worker::keep_slots(void* pointer, std::uint64_t slots) {
  const std::span bytes(static_cast<std::byte*>(pointer), slots * Ground::kSlotBytes);
  held_.push_back({Holding::Kind::slots, bytes, slots, next_stamp(), {}});
  write_stamp(bytes, held_.back().stamp);
}

bool Worker::extend_run() {
  Holding* const run = any_of(Holding::Kind::slots);
  if (run == nullptr) return false;
  const std::uint64_t slots = run->measure + 1 + random_() % 3;
  if (!ground_.pool.try_extend(run->bytes.data(), run->measure, slots)) return false;
  const std::size_t before = run->bytes.size();
  run->bytes = {run->bytes.data(), slots * Ground::kSlotBytes};
  run->measure = slots;
  write_stamp(run->bytes.subspan(before), run->stamp);
  return true;
}

bool Worker::allocate_block() {
  // Short ones are likely; one in sixteen is up to eight slots long, and another oddly aligned.
  const std::size_t bytes = random_() % (random_() % 16 == 0 ? 8 * Ground::kSlotBytes : 200);
  const std::size_t alignment = std::size_t{1} << (random_() % (random_() % 16 == 0 ? 11 : 5));
  void* const block = ground_.memory.allocate(bytes, alignment);
  if (reinterpret_cast<std::uintptr_t>(block) % alignment != 0) ++tally_.failures;
  held_.push_back(
      {Holding::Kind::block, {static_cast<std::byte*>(block), bytes}, alignment, next_stamp(), {}});
  write_stamp(held_.back().bytes, held_.back().stamp);
  return true;
}

bool Worker::freeze_slice() {
  const Stamp stamp = next_stamp();
  for (std::uint64_t pieces = 1 + random_() % 3; pieces != 0; --pieces) {
    const std::size_t bytes = kStampBytes * (1 + random_() % 16);
    const std::span<std::byte> space =
        random_() % 2 != 0 ? buffer_.try_fill(bytes) : buffer_.fill(bytes);
    write_stamp(space, stamp);
  }
  // What a refused one left there has another stamp.
  write_stamp(buffer_.filled(), stamp);
  Slice frozen = buffer_.freeze();
  if (random_() % 8 == 0) buffer_.release_idle();
  if (frozen.empty()) return false;
  ++tally_.live_slices;
  keep_slice(std::move(frozen), stamp);
  return true;
}

void Worker::keep_slice(Slice slice, Stamp stamp) {
  const std::span<std::byte> bytes(slice);
  held_.push_back({Holding::Kind::slice, bytes, 0, stamp, std::move(slice)});
}

bool Worker::split_slice() {
  Holding* const whole = any_of(Holding::Kind::slice);
  if (whole == nullptr || whole->bytes.size() == kStampBytes) return false;
  const std::size_t parts = whole->bytes.size() / kStampBytes;
  Slice first = whole->slice.split(kStampBytes * (1 + random_() % (parts - 1)));
  whole->bytes = whole->slice;
  ++tally_.live_slices;
  keep_slice(std::move(first), whole->stamp);
  return true;
}

Mailbox& Worker::any_mailbox() { return ground_.mailboxes[random_() % ground_.mailboxes.size()]; }

Holding* Worker::any_of(Holding::Kind kind) {
  if (held_.empty()) return nullptr;
  Holding& holding = held_[random_() % held_.size()];
  return holding.kind == kind ? &holding : nullptr;
}

Holding Worker::take_any() {
  std::swap(held_[random_() % held_.size()], held_.back());
  Holding taken = std::move(held_.back());
  held_.pop_back();
  return taken;
}

bool Worker::send() {
  if (held_.empty()) return false;
  Holding holding = take_any();
  if (any_mailbox().put(holding)) return true;
  held_.push_back(std::move(holding));
  return false;
}

bool Worker::receive() {
  std::optional<Holding> holding = any_mailbox().take();
  if (!holding) return false;
  held_.push_back(std::move(*holding));
  return true;
}

bool Worker::give_back_any() {
  if (held_.empty()) return false;
  stress::give_back(ground_, take_any(), tally_);
  return true;
}

}  // namespace bufferpool::stress
