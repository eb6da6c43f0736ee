#include "ratio_reporter.hpp"

#include <algorithm>
#include <cstdio>
#include <ostream>

#include "progress.hpp"
#include "targets.hpp"

namespace seed_bench {
namespace {

/// Of one iteration. A workload of one thread is timed by the processor time it took, which other
/// processes on the machine hardly change; one that hands over to other threads by the clock.
double seconds_of(const benchmark::BenchmarkReporter::Run& run) {
  const std::string& name = run.run_name.function_name;
  const bool one_thread = name.starts_with("single") || name.starts_with("scale_");
  return (one_thread ? run.cpu_accumulated_time : run.real_accumulated_time) /
         static_cast<double>(run.iterations);
}

/// The value below which `fraction` of the samples lie, interpolated. `samples` must not be empty.
double quantile(std::vector<double> samples, double fraction) {
  std::ranges::sort(samples);
  const double position = fraction * static_cast<double>(samples.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, samples.size() - 1);
  return samples[below] +
         (position - static_cast<double>(below)) * (samples[above] - samples[below]);
}

template <class... Values>
std::string format(const char* pattern, Values... values) {
  char text[256];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

std::string time_text(double seconds) {
  if (seconds >= 1e-3) return format("%.3f ms", seconds * 1e3);
  if (seconds >= 1e-6) return format("%.3f us", seconds * 1e6);
  return format("%.2f ns", seconds * 1e9);
}

/// Half of the samples lie within this many percent of the median, from the lower to the upper
/// quartile.
std::string spread_text(const std::vector<double>& seconds) {
  const double width = quantile(seconds, 0.75) - quantile(seconds, 0.25);
  return format("%.1f %%", 100 * width / quantile(seconds, 0.5));
}

void print_line(std::ostream& out, const std::vector<std::string>& cells) {
  out << format("%-16s %-14s %12s %8s %7s", cells[0].c_str(), cells[1].c_str(), cells[2].c_str(),
                cells[3].c_str(), cells[4].c_str())
      << (cells[5].empty() ? "" : "  ") << cells[5] << '\n';
}

}  // namespace

bool RatioReporter::ReportContext(const Context& context) {
  const int cores = context.cpu_info.num_cpus;
  const double load = context.cpu_info.load_avg.empty() ? 0 : context.cpu_info.load_avg.front();
  GetErrorStream() << format(
      "%d cores, load %.2f%s\n", cores, load,
      load < 0.5 * cores ? "" : ": BUSY, so rows with several threads are off");
  return true;
}

void RatioReporter::ReportRuns(const std::vector<Run>& runs) {
  for (const Run& run : runs) {
    if (run.run_type != Run::RT_Iteration) continue;
    Row& row = rows_[run.family_index];
    row.name = run.run_name.function_name;
    if (run.error_occurred) {
      row.error = run.error_message;
      failed_ = true;
    } else {
      row.seconds.push_back(seconds_of(run));
    }
  }
}

void RatioReporter::Finalize() {
  end_progress();
  print_line(GetOutputStream(),
             {"workload", "system", "median time", "spread", "ratio", "targets"});
  for (const auto& [order, row] : rows_) print(row);
  GetOutputStream() << "\ntime: the processor's for single* and scale_*, else the clock's\n"
                       "ratio: to MaxEfficiency of the same workload (single_appender: of single; "
                       "scale_*: to 8 slots)\n"
                       "spread: distance of the quartiles, in percent of the median\n"
                    << std::flush;
}

std::optional<double> RatioReporter::median_seconds_of(std::string_view name) const {
  for (const auto& [order, row] : rows_) {
    if (row.name == name && !row.seconds.empty()) return quantile(row.seconds, 0.5);
  }
  return std::nullopt;
}

std::string RatioReporter::ratio_of(const Row& row) const {
  const std::optional<double> reference = median_seconds_of(reference_of(row.name));
  return reference ? format("%.2f", quantile(row.seconds, 0.5) / *reference) : "-";
}

std::string RatioReporter::verdicts_of(const Row& row) const {
  std::string verdicts;
  for (const Target& target : targets_of(row.name)) {
    const std::optional<double> reference = median_seconds_of(target.reference);
    if (!reference) continue;
    const double figure = quantile(row.seconds, 0.5) / *reference;
    verdicts += format("%s%s %.4g x %s: %.2f %s", verdicts.empty() ? "" : "; ",
                       target.bound == Bound::at_most ? "at most" : "at least", target.ratio,
                       target.reference.c_str(), figure, target.met_by(figure) ? "met" : "MISSED");
  }
  return verdicts;
}

void RatioReporter::print(const Row& row) {
  const std::size_t slash = row.name.find('/');
  const std::string workload = row.name.substr(0, slash);
  const std::string system = slash == std::string::npos ? "" : row.name.substr(slash + 1);
  if (!row.error.empty() || row.seconds.empty()) {
    print_line(GetOutputStream(), {workload, system, "-", "-", "-", "ERROR: " + row.error});
    return;
  }
  print_line(GetOutputStream(), {workload, system, time_text(quantile(row.seconds, 0.5)),
                                 spread_text(row.seconds), ratio_of(row), verdicts_of(row)});
}

}  // namespace seed_bench
