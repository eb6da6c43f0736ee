// Runs a model through all its schedules within bounds, and says what came out.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "model.hpp"

namespace bufferpool::model {

struct SearchLimits {
  double seconds = 0;           // 0: no limit
  bool shows_progress = false;  // on standard error, every two seconds
  std::string label{};          // stands before the progress
  // With the progress: when this search has run so long, how long until it and all after it have ended.
  std::function<double(double seconds)> seconds_left{};
};

struct SearchResult {
  std::uint64_t schedules = 0;  // to the end
  std::uint64_t cut = 0;        // ended in a state that was met before
  unsigned preemptions = 0;     // the most that one had, at most the bound
  bool is_complete = false;     // everything within the bounds was tried
  bool has_failed = false;
  double seconds = 0;
  std::string failure;
  std::string schedule;  // for replay()
};

[[nodiscard]] SearchResult search(const Model& model, const Bounds& bounds,
                                  const SearchLimits& limits);

struct Replay {
  bool has_failed = false;
  std::string failure{};
  std::string refusal{};  // if not empty: why `schedule` is none of this model with these bounds
};

/// Runs one schedule.
[[nodiscard]] Replay replay(const Model& model, const Bounds& bounds, const std::string& schedule);

/// The same, and prints each step.
[[nodiscard]] Replay show_replay(const Model& model, const Bounds& bounds,
                                 const std::string& schedule);

/// One line: the bounds, the preemptions reached, what was explored, whether it was all.
void print_result(const Model& model, const Bounds& bounds, const SearchResult& result);

}  // namespace bufferpool::model
