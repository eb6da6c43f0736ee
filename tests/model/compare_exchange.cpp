// A compare-exchange that succeeds reads like any change; one that fails reads like a load, and may read
// any store that is not as expected; a weak one may also fail for nothing.
#include "operation.hpp"

namespace bufferpool::model {
namespace {

/// One way in which it may end.
struct End {
  std::size_t index;  // of the store that it reads
  bool exchanges;
  bool is_spurious;
};

void list_end(std::vector<End>& ends, const Operation& operation, std::size_t index,
              const Comparison& comparison) {
  if (operation.at.history[index].value != comparison.expected) {
    return ends.push_back({index, false, false});
  }
  if (!operation.at.is_glued(index)) ends.push_back({index, true, false});
  if (comparison.may_fail_spuriously && operation.run.has_spurious()) {
    ends.push_back({index, false, true});
  }
}

End choose_end(const Operation& operation, const Comparison& comparison) {
  static std::vector<End> ends;
  ends.clear();
  const std::size_t floor = operation.floor();
  for (std::size_t i = operation.at.latest() + 1; i-- > floor;) {
    list_end(ends, operation, i, comparison);
  }
  const unsigned count = static_cast<unsigned>(ends.size());
  const End end = ends[operation.run.choose(ChoiceKind::exchange, count)];
  if (end.index != operation.at.latest()) operation.run.spend_stale();
  if (end.is_spurious) operation.run.spend_spurious();
  return end;
}

Compared compare_exchange_alone(Cell cell, const Comparison& comparison) {
  const std::uint64_t seen = read_bytes(cell);
  if (seen != comparison.expected) return {false, seen};
  write_bytes(cell, comparison.desired);
  return {true, seen};
}

}  // namespace

Compared on_compare_exchange(Cell cell, const Comparison& comparison, Orders orders, Site site) {
  Execution* const run = Execution::running();
  if (run == nullptr) return compare_exchange_alone(cell, comparison);
  Operation operation(*run, cell, true, orders.success, site);
  const End end = choose_end(operation, comparison);
  const bool is_stale = end.index != operation.at.latest();
  const std::uint64_t seen = operation.at.history[end.index].value;
  if (!end.exchanges) {
    operation.order = orders.failure;
    operation.trace(end.is_spurious ? "fails for nothing" : "fails, seeing", seen, is_stale);
    run->memory.read(operation.at, end.index, run->me(), operation.order);
    return {false, seen};
  }
  operation.trace("exchanges for", comparison.desired, is_stale);
  Store added;
  added.value = comparison.desired;
  added.is_change = true;
  run->memory.read(operation.at, end.index, run->me(), operation.order);
  run->memory.write(operation.at, end.index, added, run->me(), operation.order);
  return {true, seen};
}

}  // namespace bufferpool::model
