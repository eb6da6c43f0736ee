#include "operation.hpp"

#include <cstdio>
#include <string_view>

namespace bufferpool::model {
namespace {

std::vector<Weakening> weakenings;
bool has_matched = false;

std::memory_order order_at(std::memory_order order, const Site& site) noexcept {
  for (const Weakening& weakening : weakenings) {
    if (!weakening.is_at(site)) continue;
    has_matched = true;
    return weakening.to;
  }
  return order;
}

const char* name_of(std::memory_order order) noexcept {
  if (order == std::memory_order_relaxed) return "relaxed";
  if (order == std::memory_order_acquire) return "acquire";
  if (order == std::memory_order_release) return "release";
  return order == std::memory_order_acq_rel ? "acq_rel" : "seq_cst";
}

}  // namespace

void weaken(const Weakening& weakening) { weakenings.push_back(weakening); }
void restore_orders() {
  weakenings.clear();
  has_matched = false;
}
bool has_weakened() noexcept { return has_matched; }

bool Weakening::is_at(const Site& site) const noexcept {
  return std::string_view(site.file).ends_with(file) &&
         (function.empty() || function == site.function) &&
         (first == 0 || (first <= site.line && site.line <= last));
}

Operation::Operation(Execution& execution, Cell cell, bool writes, std::memory_order stated,
                     Site where)
    : run(execution), at(run.memory.locate(cell)), order(order_at(stated, where)), site(where) {
  run.step(at, writes);
  static_cast<void>(run.memory.locate(cell));  // while others went on, the memory may have gone
}

std::size_t Operation::floor() const noexcept {
  return run.has_stale() ? Memory::floor_of(at, run.me(), order) : at.latest();
}

std::vector<std::size_t>& Operation::places() const {
  static std::vector<std::size_t> found;
  found.assign(1, at.latest());
  const std::size_t least = floor();
  for (std::size_t i = at.latest(); i-- > least;) {
    if (!at.is_glued(i)) found.push_back(i);
  }
  return found;
}

unsigned Operation::choose_store(ChoiceKind kind, std::size_t count) const {
  const unsigned chosen = run.choose(kind, static_cast<unsigned>(count));
  if (chosen != 0) run.spend_stale();
  return chosen;
}

void Operation::trace(const char* what, std::uint64_t value, bool is_stale) const {
  if (!run.traces) return;
  const std::string_view file(site.file);
  const std::string_view name = file.substr(file.rfind('/') + 1);
  std::printf("  %4u  thread %u  %-17s %-8s %-12s %#18llx%s  [%.*s:%d %s]\n", run.steps(),
              run.current(), what, name_of(order), run.memory.name_of(at.cell.address).c_str(),
              static_cast<unsigned long long>(value), is_stale ? " (not the last)" : "",
              static_cast<int>(name.size()), name.data(), site.line, site.function);
}

}  // namespace bufferpool::model
