// Collects the repetitions of all benchmarks and prints one table: median, spread, ratio, targets.
// All ratios are of medians of one run, whose repetitions are interleaved at random (see
// seed_bench.cpp).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

namespace seed_bench {

class RatioReporter : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;
  void Finalize() override;

  [[nodiscard]] bool failed() const { return failed_; }

 private:
  struct Row {
    std::string name;
    std::vector<double> seconds;  // of one iteration, one entry a repetition
    std::string error;
  };

  [[nodiscard]] std::optional<double> median_seconds_of(std::string_view name) const;
  [[nodiscard]] std::string ratio_of(const Row& row) const;
  [[nodiscard]] std::string verdicts_of(const Row& row) const;
  void print(const Row& row);

  std::map<std::int64_t, Row> rows_;  // in the order of registration
  bool failed_ = false;
};

}  // namespace seed_bench
