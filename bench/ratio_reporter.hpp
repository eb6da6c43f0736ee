// Collects the repetitions of all benchmarks and prints one table: median, spread, ratio, targets.
// All ratios are of medians of one run, whose repetitions are interleaved at random (see
// program.cpp).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "comparison.hpp"

namespace bench {

class RatioReporter : public benchmark::BenchmarkReporter {
 public:
  explicit RatioReporter(Comparison comparison) : comparison_(std::move(comparison)) {}

  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;
  void Finalize() override;

  [[nodiscard]] bool failed() const { return failed_; }

 private:
  struct Row {
    std::string name;
    std::vector<double> seconds;  // of one iteration, one entry a repetition
    std::map<std::string, std::vector<double>> counters;
    std::string error;

    /// Of `<workload>/<system and the rest>`.
    [[nodiscard]] std::string workload() const { return name.substr(0, name.find('/')); }
    [[nodiscard]] std::string system() const {
      const std::size_t slash = name.find('/');
      return slash == std::string::npos ? "" : name.substr(slash + 1);
    }
  };

  struct Verdicts {
    int met = 0;
    int missed = 0;
  };

  [[nodiscard]] double seconds_of(const Run& run) const;
  [[nodiscard]] std::optional<double> median_seconds_of(std::string_view name) const;
  [[nodiscard]] std::string ratio_of(const Row& row) const;
  [[nodiscard]] std::string verdicts_of(const Row& row);
  [[nodiscard]] static std::string counters_of(const Row& row);
  void print(const Row& row);
  void print_line(const std::array<std::string, 6>& cells);

  Comparison comparison_;
  std::map<std::int64_t, Row> rows_;  // in the order of registration
  Verdicts verdicts_;
  int workload_width_ = 16;
  int system_width_ = 14;
  bool failed_ = false;
};

}  // namespace bench
