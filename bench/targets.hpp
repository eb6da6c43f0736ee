// What a row of the table is compared with, and the ratios that the library sets out to reach.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace seed_bench {

enum class Bound { at_most, at_least };

/// time(row) / time(reference) compared with `ratio`.
struct Target {
  std::string row;
  std::string reference;
  Bound bound;
  double ratio;

  [[nodiscard]] bool met_by(double figure) const {
    return bound == Bound::at_most ? figure <= ratio : figure >= ratio;
  }
};

/// The row that `row` is divided by: its workload on MaxEfficiency, or its smallest pool for
/// `scale_` rows.
[[nodiscard]] std::string reference_of(std::string_view row);

[[nodiscard]] std::vector<Target> targets_of(std::string_view row);

}  // namespace seed_bench
