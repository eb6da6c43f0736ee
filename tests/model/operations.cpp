// What the checker's atomic does: lets another thread go on, then reads and writes in one of the ways that
// C++ allows.
#include "operation.hpp"

namespace bufferpool::model {
namespace {

std::uint64_t changed(Change change, std::uint64_t value, std::uint64_t operand) noexcept {
  switch (change) {
    case Change::exchange:
      return operand;
    case Change::add:
      return value + operand;
    case Change::subtract:
      return value - operand;
    case Change::bit_and:
      return value & operand;
    case Change::bit_or:
      return value | operand;
    case Change::bit_xor:
      return value ^ operand;
  }
  return value;
}

std::uint64_t cut(std::uint64_t value, unsigned bytes) noexcept {
  return bytes >= sizeof value ? value : value & ((std::uint64_t{1} << 8 * bytes) - 1);
}

}  // namespace

std::uint64_t on_load(Cell cell, std::memory_order order, Site site) {
  Execution* const run = Execution::running();
  if (run == nullptr) return read_bytes(cell);
  const Operation load(*run, cell, false, order, site);
  const unsigned back = load.choose_store(ChoiceKind::load, load.at.latest() - load.floor() + 1);
  const std::size_t index = load.at.latest() - back;
  const std::uint64_t value = load.at.history[index].value;
  load.trace("loads", value, back != 0);
  run->memory.read(load.at, index, run->me(), load.order);
  return value;
}

void on_store(Cell cell, std::uint64_t value, std::memory_order order, Site site) {
  Execution* const run = Execution::running();
  if (run == nullptr) return write_bytes(cell, value);
  const Operation store(*run, cell, true, order, site);
  const std::vector<std::size_t>& places = store.places();
  const unsigned back = store.choose_store(ChoiceKind::store, places.size());
  store.trace("stores", value, back != 0);
  Store added;
  added.value = value;
  run->memory.write(store.at, places[back], added, run->me(), store.order);
}

std::uint64_t on_change(Cell cell, Change change, std::uint64_t operand, std::memory_order order,
                        Site site) {
  Execution* const run = Execution::running();
  if (run == nullptr) {
    const std::uint64_t before = read_bytes(cell);
    write_bytes(cell, changed(change, before, operand));
    return before;
  }
  const Operation operation(*run, cell, true, order, site);
  const std::vector<std::size_t>& places = operation.places();
  const unsigned back = operation.choose_store(ChoiceKind::store, places.size());
  const std::size_t index = places[back];
  const std::uint64_t before = operation.at.history[index].value;
  Store added;
  added.value = cut(changed(change, before, operand), cell.bytes);
  added.is_change = true;
  operation.trace("changes to", added.value, back != 0);
  run->memory.read(operation.at, index, run->me(), operation.order);
  run->memory.write(operation.at, index, added, run->me(), operation.order);
  return before;
}

void on_construct(Cell cell) {
  Execution* const run = Execution::running();
  if (run != nullptr) run->memory.forget(cell.address);
}

void on_fence(std::memory_order order) {
  Execution* const run = Execution::running();
  if (run == nullptr) return;
  static std::uint64_t all_fences = 0;  // as if a location: another thread may go on before a fence
  run->step(run->memory.locate({&all_fences, sizeof all_fences}), true);
  run->memory.fence(run->me(), order);
}

void on_plain_read(const void* address) {
  Execution* const run = Execution::running();
  if (run != nullptr) run->memory.read_plain(address, run->me());
}

void on_plain_write(const void* address) {
  Execution* const run = Execution::running();
  if (run != nullptr) run->memory.write_plain(address, run->me());
}

void retire(const void* memory, std::size_t bytes) {
  Execution* const run = Execution::running();
  if (run != nullptr) run->memory.retire(memory, bytes, run->me());
}

void name(const void* memory, std::size_t bytes, const char* text) {
  Execution* const present = Execution::present();
  if (present != nullptr) present->memory.name(memory, bytes, text);
}

}  // namespace bufferpool::model
