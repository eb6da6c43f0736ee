#include "targets.hpp"

#include <algorithm>
#include <iterator>

namespace seed_bench {
namespace {

using bench::Bound;
using bench::Target;

const std::vector<Target>& all_targets() {
  static const std::vector<Target> targets = {
      {"single/BufferPool", "single/MaxEfficiency", Bound::at_most, 2.3},
      {"single/SystemBuffer", "single/BufferPool", Bound::at_least, 1.6},
      {"single/PPool", "single/BufferPool", Bound::at_least, 10},
      {"single_appender/BufferPool", "single/MaxEfficiency", Bound::at_most, 1.5},
      {"multi/BufferPool", "multi/MaxEfficiency", Bound::at_most, 1.15},
      {"multi_wait/BufferPool", "multi_wait/MaxEfficiency", Bound::at_most, 1.15},
      {"handoff/SystemBuffer", "handoff/BufferPool", Bound::at_least, 1.5},
  };
  return targets;
}

/// The row's workload on MaxEfficiency, or its smallest pool for `scale_` rows.
std::string reference_of(std::string_view row) {
  const std::string workload(row.substr(0, row.find('/')));
  if (workload.starts_with("scale_")) return workload + "/8";
  return (workload == "single_appender" ? "single" : workload) + "/MaxEfficiency";
}

std::vector<Target> targets_of(std::string_view row) {
  const std::string reference = reference_of(row);
  if (row.starts_with("scale_") && row != reference)
    return {{std::string(row), reference, Bound::at_most, 1.5}};
  std::vector<Target> found;
  std::ranges::copy_if(all_targets(), std::back_inserter(found),
                       [&](const Target& target) { return target.row == row; });
  return found;
}

bool has_one_thread(std::string_view row) {
  return row.starts_with("single") || row.starts_with("scale_");
}

}  // namespace

bench::Comparison comparison() {
  return {has_one_thread, reference_of, targets_of,
          "time: the processor's for single* and scale_*, else the clock's\n"
          "ratio: to MaxEfficiency of the same workload (single_appender: of single; scale_*: to 8 "
          "slots)\n"};
}

}  // namespace seed_bench
