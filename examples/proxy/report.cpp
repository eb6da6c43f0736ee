#include "report.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <system_error>

namespace proxy {
namespace {

std::uint64_t at(const FigureMap& figures, const std::string& name) {
  const auto found = figures.find(name);
  return found == figures.end() ? 0 : found->second;
}

std::string fixed(double value, int digits) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(digits) << value;
  return text.str();
}

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string milliseconds(std::uint64_t nanoseconds) {
  return fixed(static_cast<double>(nanoseconds) / 1e6, 2);
}
std::string mebibytes(std::uint64_t bytes) {
  return fixed(static_cast<double>(bytes) / (1 << 20), 1);
}

/// What only a pool has.
std::string of_pool(const RunFigures& run, const std::string& name) {
  return run.pooled() ? std::to_string(at(run.proxy, name)) : "-";
}

std::string allocations(const RunFigures& run) {
  return fixed(ratio(at(run.proxy, "steady_allocations"), at(run.proxy, "steady_commands")), 4);
}

struct Row {
  std::string_view name;
  std::function<std::string(const RunFigures&)> cell;
};

const std::vector<Row>& load_rows() {
  static const std::vector<Row> rows{
      {"requests/s",
       [](const RunFigures& run) {
         return fixed(1e9 * ratio(at(run.load, "replies"), at(run.load, "nanoseconds")), 0);
       }},
      {"latency p50, ms", [](const RunFigures& run) { return milliseconds(at(run.load, "p50")); }},
      {"latency p99, ms", [](const RunFigures& run) { return milliseconds(at(run.load, "p99")); }},
      {"latency p99.9, ms",
       [](const RunFigures& run) { return milliseconds(at(run.load, "p999")); }},
  };
  return rows;
}

const std::vector<Row>& proxy_rows() {
  static const std::vector<Row> rows{
      {"peak resident memory, MiB",
       [](const RunFigures& run) { return mebibytes(at(run.proxy, "peak_resident_bytes")); }},
      {"pool slots", [](const RunFigures& run) { return of_pool(run, "slots"); }},
      {"pool slots in use",
       [](const RunFigures& run) { return of_pool(run, "steady_slots_taken"); }},
      {"pool slots in use, peak", [](const RunFigures& run) { return of_pool(run, "slots_peak"); }},
      {"upstream fallbacks", [](const RunFigures& run) { return of_pool(run, "fallbacks"); }},
      {"heap allocations/request", allocations},
  };
  return rows;
}

const std::vector<Row>& verdict_rows() {
  static const std::vector<Row> rows{
      {"replies checked",
       [](const RunFigures& run) { return std::to_string(at(run.load, "checked")); }},
      {"replies lost", [](const RunFigures& run) { return std::to_string(at(run.load, "lost")); }},
      {"replies wrong",
       [](const RunFigures& run) { return std::to_string(at(run.load, "wrong")); }},
  };
  return rows;
}

void print_rows(const std::vector<Row>& rows, const std::vector<RunFigures>& runs) {
  for (const Row& row : rows) {
    std::cout << std::left << std::setw(28) << row.name << std::right;
    for (const RunFigures& run : runs) std::cout << std::setw(14) << row.cell(run);
    std::cout << "\n";
  }
}

}  // namespace

void finish_output() {
  errno = 0;
  std::cout.flush();
  if (std::cout) return;
  const std::string reason = errno == 0 ? "" : ": " + std::generic_category().message(errno);
  throw RunError("standard output takes no more" + reason +
                 "; give it a place with room, as the results are written there");
}

Progress::Progress(std::string title, std::uint64_t seconds)
    : title_(std::move(title)), seconds_(seconds), terminal_(::isatty(STDOUT_FILENO) == 1) {}

Progress::~Progress() {
  if (terminal_ && shown_) std::cout << "\r\x1b[K" << std::flush;
}

void Progress::show(std::uint64_t elapsed_milliseconds, std::uint64_t replies) {
  const std::uint64_t second = elapsed_milliseconds / 1000;
  if (!terminal_ && shown_ && second == shown_second_) return;
  shown_ = true;
  shown_second_ = second;
  const std::uint64_t left = seconds_ - std::min(seconds_, second);
  const double rate = 1000.0 * ratio(replies, elapsed_milliseconds);
  std::cout << (terminal_ ? "\r\x1b[K" : "") << title_ << ": " << fixed(rate, 0) << " requests/s, "
            << left << " s left" << (terminal_ ? "" : "\n");
  finish_output();
}

void print_comparison(const std::vector<RunFigures>& runs) {
  std::cout << "\n" << std::left << std::setw(28) << "memory" << std::right;
  for (const RunFigures& run : runs) std::cout << std::setw(14) << run.memory;
  std::cout << "\n";
  print_rows(load_rows(), runs);
  print_rows(proxy_rows(), runs);
  print_rows(verdict_rows(), runs);
}

bool print_verdict(const std::vector<RunFigures>& runs) {
  std::uint64_t lost = 0, wrong = 0;
  bool checked = !runs.empty();
  for (const RunFigures& run : runs) {
    lost += at(run.load, "lost");
    wrong += at(run.load, "wrong");
    checked = checked && at(run.load, "checked") > 0;
  }
  std::cout << "\nlost " << lost << " wrong " << wrong
            << (checked ? "" : ", but nothing was checked") << "\n";
  finish_output();
  return checked && lost == 0 && wrong == 0;
}

void print_service(const RunFigures& run) {
  static const std::vector<Row> rows{
      {"commands answered",
       [](const RunFigures& of) { return std::to_string(at(of.proxy, "commands")); }},
      {"clients accepted",
       [](const RunFigures& of) { return std::to_string(at(of.proxy, "accepted")); }},
      {"clients refused",
       [](const RunFigures& of) { return std::to_string(at(of.proxy, "refused")); }},
  };
  std::cout << "\n"
            << std::left << std::setw(28) << "memory" << std::right << std::setw(14) << run.memory
            << "\n";
  print_rows(rows, {run});
  print_rows(proxy_rows(), {run});
  finish_output();
}

double IdleFigures::bytes_per_connection() const {
  const std::uint64_t start = at(before, "resident_bytes"), end = at(after, "resident_bytes");
  return ratio(end - std::min(start, end), connections);
}

bool print_idle(const IdleFigures& idle, std::uint64_t max_bytes) {
  const std::uint64_t slots = at(idle.after, "slots_taken");
  const std::uint64_t connections = at(idle.after, "connections");
  const double bytes = idle.bytes_per_connection();
  std::cout << idle.memory << ": " << connections << " idle connections, resident memory "
            << at(idle.before, "resident_bytes") << " -> " << at(idle.after, "resident_bytes")
            << " bytes, " << fixed(bytes, 0) << " bytes a connection, " << slots
            << " pool slots held\n";
  const bool small = max_bytes == 0 || bytes <= static_cast<double>(max_bytes);
  if (!small) std::cout << "more than " << max_bytes << " bytes a connection\n";
  finish_output();
  return small && slots == 0 && connections == idle.connections;
}

}  // namespace proxy
