// What a benchmark program tells the table about its rows: what each is compared with, and the ratios
// that the library sets out to reach.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

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

struct Comparison {
  /// A workload of one thread is timed by the processor time it took, which other processes on the
  /// machine hardly change; one that hands over to other threads by the clock.
  std::function<bool(std::string_view row)> timed_by_processor;
  /// The row that `row` is divided by; an empty name for none.
  std::function<std::string(std::string_view row)> reference_of;
  std::function<std::vector<Target>(std::string_view row)> targets_of;
  std::string footnotes;
};

}  // namespace bench
