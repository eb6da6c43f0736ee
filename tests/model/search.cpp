#include "search.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>

#include "execution.hpp"

namespace bufferpool::model {
namespace {

class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

/// A look at the clock costs as much as a few steps.
constexpr std::uint64_t kExecutionsALook = 256;

class Search {
 public:
  Search(const Model& model, const Bounds& bounds, const SearchLimits& limits)
      : model_(model), limits_(limits), execution_(std::make_unique<Execution>(model, bounds)) {}

  SearchResult run() {
    do {
      run_once();
    } while (!result_.has_failed && !is_out_of_time() && go_on());
    result_.seconds = watch_.seconds();
    result_.preemptions = execution_->most_preemptions;
    if (limits_.shows_progress) std::fprintf(stderr, "%-78s\r", "");
    return result_;
  }

 private:
  void run_once() {
    const Ending ending = execution_->run();
    if (ending == Ending::failed) {
      result_.has_failed = true;
      result_.failure = execution_->failure;
      result_.schedule = execution_->explorer.schedule();
    }
    ++(ending == Ending::seen_before ? result_.cut : result_.schedules);
  }

  /// What was explored before it was known that a location is shared may lack schedules.
  bool go_on() {
    if (execution_->has_learnt_sharing) {
      execution_->has_learnt_sharing = false;
      execution_->explorer.restart();
      result_ = {};
      return true;
    }
    result_.is_complete = !execution_->explorer.advance();
    return !result_.is_complete;
  }

  bool is_out_of_time() {
    if (++looks_ % kExecutionsALook != 0) return false;
    const double seconds = watch_.seconds();
    if (limits_.shows_progress && seconds - shown_ >= 2) show_progress(seconds);
    return limits_.seconds != 0 && seconds > limits_.seconds;
  }

  void show_progress(double seconds) {
    shown_ = seconds;
    // An estimate by the shape of the tree: it falls as states are met again.
    const double done = std::max(execution_->explorer.fraction_done(), 1e-9);
    std::fprintf(stderr, "%-40s %10llu schedules, %5.1f %%, about %.0f s left   \r",
                 model_.name.c_str(), static_cast<unsigned long long>(result_.schedules),
                 100 * done, std::min(seconds / done - seconds, 1e6));
  }

  const Model& model_;
  SearchLimits limits_;
  std::unique_ptr<Execution> execution_;
  SearchResult result_;
  Stopwatch watch_;
  std::uint64_t looks_ = 0;
  double shown_ = 0;
};

}  // namespace

SearchResult search(const Model& model, const Bounds& bounds, const SearchLimits& limits) {
  return Search(model, bounds, limits).run();
}

bool replay(const Model& model, const Bounds& bounds, const std::string& schedule) {
  const auto execution = std::make_unique<Execution>(model, bounds);
  execution->explorer.replay(schedule);
  execution->traces = true;
  if (execution->run() != Ending::failed) return true;
  std::printf("  fails: %s\n", execution->failure.c_str());
  return false;
}

void print_result(const Model& model, const Bounds& bounds, const SearchResult& result) {
  std::printf(
      "%-40s %u preemptions, %u stale, %u spurious, %u stops  %9llu schedules %9llu cut  %-10s "
      "%7.2f s\n",
      model.name.c_str(), bounds.preemptions, bounds.stale, bounds.spurious, bounds.stops,
      static_cast<unsigned long long>(result.schedules),
      static_cast<unsigned long long>(result.cut),
      result.has_failed    ? "FAILED"
      : result.is_complete ? "complete"
                           : "incomplete",
      result.seconds);
  std::fflush(stdout);
}

}  // namespace bufferpool::model
