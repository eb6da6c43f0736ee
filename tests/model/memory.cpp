#include "memory.hpp"

#include "model.hpp"

namespace bufferpool::model {
namespace {

bool acquires(std::memory_order order) noexcept {
  return order == std::memory_order_acquire || order == std::memory_order_acq_rel ||
         order == std::memory_order_seq_cst;
}

bool releases(std::memory_order order) noexcept {
  return order == std::memory_order_release || order == std::memory_order_acq_rel ||
         order == std::memory_order_seq_cst;
}

/// The thread's next load may not read a store before this one.
bool knows(const ThreadView& thread, const Store& store) noexcept {
  if (thread.clock.covers(store.thread, store.time)) return true;
  for (unsigned reader = 0; reader < kMostThreads; ++reader) {
    if (thread.clock.covers(reader, store.first_read[reader])) return true;
  }
  return false;
}

}  // namespace

void Memory::begin_execution() noexcept {
  ++execution_;
  retired_.clear();
  names_.clear();
  sc_clock_ = {};
  locations_hash_ = 0;
  sc_hash_ = 0;
}

Location& Memory::locate(Cell cell) {
  check_alive(cell.address);
  Location& location = locations_[cell.address];
  location.cell = cell;
  if (location.execution != execution_) start(location);
  return location;
}

void Memory::start(Location& location) {
  location.execution = execution_;
  location.history.clear();
  location.sc_floor = 0;
  location.last_access = {};
  location.hash = 0;
  Store initial;
  std::memcpy(&initial.value, location.cell.address, location.cell.bytes);
  location.history.push_back(initial);
}

bool Memory::learns_sharing(Location& location, unsigned thread, bool writes) noexcept {
  location.touched_by |= 1U << thread;
  location.is_written |= writes;
  const bool several = (location.touched_by & (location.touched_by - 1)) != 0;
  if (location.is_shared || !several || !location.is_written) return false;
  location.is_shared = true;
  return true;
}

std::size_t Memory::floor_of(const Location& location, const ThreadView& thread,
                             std::memory_order order) noexcept {
  std::size_t floor = location.latest();
  while (floor != 0 && !knows(thread, location.history[floor])) --floor;
  return order == std::memory_order_seq_cst ? std::max(floor, location.sc_floor) : floor;
}

void Memory::read(Location& location, std::size_t index, ThreadView& thread,
                  std::memory_order order) {
  Store& store = location.history[index];
  store.first_read[thread.index] = std::min(store.first_read[thread.index], thread.now());
  (acquires(order) ? thread.clock : thread.pending_acquire).join(store.sync);
  thread.hash =
      mix(mix(thread.hash, reinterpret_cast<std::uintptr_t>(location.cell.address)), store.id());
  note_order(location, index, thread, order);
}

void Memory::write(Location& location, std::size_t index, const Store& store, ThreadView& thread,
                   std::memory_order order) {
  Store added = store;
  added.thread = thread.index;
  added.time = thread.now();
  added.sync = releases(order) ? thread.clock : thread.fence_release;
  // A read-modify-write goes on with the release sequence that it is part of.
  if (added.is_change) added.sync.join(location.history[index].sync);
  const bool is_last = index == location.latest();
  location.history.insert(location.history.begin() + static_cast<std::ptrdiff_t>(index) + 1, added);
  if (is_last) {
    std::memcpy(location.cell.address, &added.value, location.cell.bytes);
  } else if (location.sc_floor > index) {
    ++location.sc_floor;
  }
  thread.hash =
      mix(mix(thread.hash, reinterpret_cast<std::uintptr_t>(location.cell.address)), added.value);
  rehash(location);
  note_order(location, index + 1, thread, order);
}

void Memory::rehash(Location& location) noexcept {
  locations_hash_ -= location.hash;
  location.hash = reinterpret_cast<std::uintptr_t>(location.cell.address);
  for (const Store& store : location.history) location.hash = mix(location.hash, store.id());
  locations_hash_ += location.hash;
}

void Memory::note_order(Location& location, std::size_t index, const ThreadView& thread,
                        std::memory_order order) noexcept {
  location.last_access[thread.index] = thread.now();
  if (order != std::memory_order_seq_cst) return;
  location.sc_floor = std::max(location.sc_floor, index);
  sc_hash_ = mix(sc_hash_, std::uint64_t{thread.index} << 32 | thread.now());
}

void Memory::fence(ThreadView& thread, std::memory_order order) {
  if (acquires(order)) thread.clock.join(thread.pending_acquire);
  if (order == std::memory_order_seq_cst) {
    // A little more than C++ promises: fences one after the other also order plain data.
    thread.clock.join(sc_clock_);
    sc_clock_ = thread.clock;
    sc_hash_ = mix(sc_hash_, std::uint64_t{thread.index} << 32 | thread.now());
  }
  if (releases(order)) thread.fence_release = thread.clock;
  thread.hash = mix(thread.hash, static_cast<std::uint64_t>(order));
}

// A plain access counts with the operation that follows: what is released before it does not cover it.

Memory::Plain& Memory::plain(const void* address) {
  check_alive(address);
  Plain& found = plains_[address];
  if (found.execution != execution_) found = {execution_, 0, 0, {}};
  return found;
}

void Memory::read_plain(const void* address, const ThreadView& thread) {
  Plain& data = plain(address);
  if (data.writer != thread.index && !thread.clock.covers(data.writer, data.written)) {
    fail("data race: thread %u reads %s, which thread %u wrote", thread.index,
         name_of(address).c_str(), data.writer);
  }
  data.read[thread.index] = thread.now() + 1;
}

void Memory::write_plain(const void* address, const ThreadView& thread) {
  read_plain(address, thread);
  Plain& data = plain(address);
  for (unsigned reader = 0; reader < kMostThreads; ++reader) {
    if (reader != thread.index && !thread.clock.covers(reader, data.read[reader])) {
      fail("data race: thread %u writes %s, which thread %u read", thread.index,
           name_of(address).c_str(), reader);
    }
  }
  data.writer = thread.index;
  data.written = thread.now() + 1;
}

void Memory::retire(const void* address, std::size_t bytes, const ThreadView& thread) {
  const Range range{static_cast<const char*>(address), bytes, {}};
  const auto check = [&](const void* at, unsigned other, std::uint32_t time) {
    if (other == thread.index || thread.clock.covers(other, time)) return;
    fail("thread %u frees the memory of %s, which thread %u may still touch", thread.index,
         name_of(at).c_str(), other);
  };
  for (const auto& [at, location] : locations_) {
    if (location.execution != execution_ || !range.holds(at)) continue;
    for (unsigned i = 0; i < kMostThreads; ++i) check(at, i, location.last_access[i]);
  }
  for (const auto& [at, data] : plains_) {
    if (data.execution != execution_ || !range.holds(at)) continue;
    for (unsigned i = 0; i < kMostThreads; ++i) check(at, i, data.read[i]);
    check(at, data.writer, data.written);
  }
  retired_.push_back(range);
}

void Memory::check_alive(const void* address) const {
  for (const Range& gone : retired_) {
    if (gone.holds(address))
      fail("%s is touched after its memory was freed", name_of(address).c_str());
  }
}

void Memory::name(const void* address, std::size_t bytes, std::string text) {
  names_.push_back({static_cast<const char*>(address), bytes, std::move(text)});
}

std::string Memory::name_of(const void* address) const {
  char text[64];
  for (const Range& range : names_) {
    if (!range.holds(address)) continue;
    const auto offset = static_cast<const char*>(address) - range.begin;
    std::snprintf(text, sizeof text, "+%td", offset);
    return range.name + (offset != 0 ? text : "");
  }
  std::snprintf(text, sizeof text, "%p", address);
  return text;
}

}  // namespace bufferpool::model
