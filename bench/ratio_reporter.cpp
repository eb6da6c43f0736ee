#include "ratio_reporter.hpp"

#include <algorithm>
#include <cstdio>
#include <ostream>

#include "progress.hpp"

namespace bench {
namespace {

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

}  // namespace

bool RatioReporter::ReportContext(const Context& context) {
  const int cores = context.cpu_info.num_cpus;
  const double load = context.cpu_info.load_avg.empty() ? 0 : context.cpu_info.load_avg.front();
  GetErrorStream() << format(
      "%d cores, load %.2f%s\n", cores, load,
      load < 0.5 * cores ? "" : ": BUSY, so rows with several threads are off");
  return true;
}

double RatioReporter::seconds_of(const Run& run) const {
  const bool processor = comparison_.timed_by_processor(run.run_name.function_name);
  return (processor ? run.cpu_accumulated_time : run.real_accumulated_time) /
         static_cast<double>(run.iterations);
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
      for (const auto& [name, counter] : run.counters) row.counters[name].push_back(counter.value);
    }
  }
}

void RatioReporter::Finalize() {
  end_progress();
  for (const auto& [order, row] : rows_) {
    workload_width_ = std::max(workload_width_, static_cast<int>(row.workload().size()));
    system_width_ = std::max(system_width_, static_cast<int>(row.system().size()));
  }
  print_line({"workload", "system", "median time", "spread", "ratio", "targets and counters"});
  for (const auto& [order, row] : rows_) print(row);
  GetOutputStream() << '\n'
                    << comparison_.footnotes
                    << "spread: distance of the quartiles, in percent of the median\n"
                    << format("targets: %d met, %d missed\n", verdicts_.met, verdicts_.missed)
                    << std::flush;
}

std::optional<double> RatioReporter::median_seconds_of(std::string_view name) const {
  for (const auto& [order, row] : rows_) {
    if (row.name == name && !row.seconds.empty()) return quantile(row.seconds, 0.5);
  }
  return std::nullopt;
}

std::string RatioReporter::ratio_of(const Row& row) const {
  const std::optional<double> reference = median_seconds_of(comparison_.reference_of(row.name));
  return reference ? format("%.2f", quantile(row.seconds, 0.5) / *reference) : "-";
}

std::string RatioReporter::verdicts_of(const Row& row) {
  std::string verdicts;
  for (const Target& target : comparison_.targets_of(row.name)) {
    const std::optional<double> reference = median_seconds_of(target.reference);
    if (!reference) continue;
    const double figure = quantile(row.seconds, 0.5) / *reference;
    ++(target.met_by(figure) ? verdicts_.met : verdicts_.missed);
    verdicts += format("%s%s %.4g x %s: %.2f %s", verdicts.empty() ? "" : "; ",
                       target.bound == Bound::at_most ? "at most" : "at least", target.ratio,
                       target.reference.c_str(), figure, target.met_by(figure) ? "met" : "MISSED");
  }
  return verdicts;
}

/// Medians. Points of a curve or histogram are for who reads the JSON.
std::string RatioReporter::counters_of(const Row& row) {
  std::string text;
  for (const auto& [name, values] : row.counters) {
    if (name.starts_with("at_") || name.starts_with("share_up_to_")) continue;
    text += format("%s%s %.4g", text.empty() ? "" : ", ", name.c_str(), quantile(values, 0.5));
  }
  return text;
}

void RatioReporter::print(const Row& row) {
  if (!row.error.empty() || row.seconds.empty()) {
    print_line({row.workload(), row.system(), "-", "-", "-", "ERROR: " + row.error});
    return;
  }
  print_line({row.workload(), row.system(), time_text(quantile(row.seconds, 0.5)),
              spread_text(row.seconds), ratio_of(row), verdicts_of(row) + counters_of(row)});
}

void RatioReporter::print_line(const std::array<std::string, 6>& cells) {
  GetOutputStream() << format("%-*s %-*s %12s %8s %7s", workload_width_, cells[0].c_str(),
                              system_width_, cells[1].c_str(), cells[2].c_str(), cells[3].c_str(),
                              cells[4].c_str())
                    << (cells[5].empty() ? "" : "  ") << cells[5] << '\n';
}

}  // namespace bench
