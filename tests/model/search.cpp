#include "search.hpp"

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
    if (limits_.shows_progress) std::fprintf(stderr, "%-120s\r", "");
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
    // The part that is done is by the shape of the tree, which says little of the time: states are met again.
    std::fprintf(stderr, "%s %s %llu schedules, %.1f %%, about %.0f s left in all          \r",
                 limits_.label.c_str(), model_.name.c_str(),
                 static_cast<unsigned long long>(result_.schedules),
                 100 * execution_->explorer.fraction_done(), limits_.seconds_left(seconds));
  }

  const Model& model_;
  SearchLimits limits_;
  std::unique_ptr<Execution> execution_;
  SearchResult result_;
  Stopwatch watch_;
  std::uint64_t looks_ = 0;
  double shown_ = 0;
};

Replay replay_in(Execution& execution, const std::string& schedule) {
  if (!execution.explorer.replay(schedule)) {
    return {.refusal = "no schedule, as a failure prints it: " + schedule};
  }
  const bool has_failed = execution.run() == Ending::failed;
  const std::string unmet = execution.explorer.first_unmet();
  if (!unmet.empty()) {
    return {.refusal = "no decision " + unmet + " came up; same model, bounds and build?"};
  }
  return {.has_failed = has_failed, .failure = execution.failure};
}

}  // namespace

SearchResult search(const Model& model, const Bounds& bounds, const SearchLimits& limits) {
  return Search(model, bounds, limits).run();
}

Replay replay(const Model& model, const Bounds& bounds, const std::string& schedule) {
  const auto execution = std::make_unique<Execution>(model, bounds);
  return replay_in(*execution, schedule);
}

Replay show_replay(const Model& model, const Bounds& bounds, const std::string& schedule) {
  const auto execution = std::make_unique<Execution>(model, bounds);
  Replay result = replay_in(*execution, schedule);  // without a trace: is it one of this model?
  if (!result.refusal.empty()) return result;
  execution->traces = true;
  static_cast<void>(execution->run());
  std::printf("  %s%s\n", result.has_failed ? "fails: " : "nothing fails", result.failure.c_str());
  return result;
}

void print_result(const Model& model, const Bounds& bounds, const SearchResult& result) {
  const std::string stale = bounds.stale == kEveryStale ? "every" : std::to_string(bounds.stale);
  std::printf(
      "%-40s %u preemptions, %s stale, %u spurious, %u stops  %9llu schedules %9llu cut, "
      "reached %u preemptions  %-10s %7.2f s\n",
      model.name.c_str(), bounds.preemptions, stale.c_str(), bounds.spurious, bounds.stops,
      static_cast<unsigned long long>(result.schedules),
      static_cast<unsigned long long>(result.cut), result.preemptions,
      result.has_failed    ? "FAILED"
      : result.is_complete ? "complete"
                           : "incomplete",
      result.seconds);
  std::fflush(stdout);
}

}  // namespace bufferpool::model
