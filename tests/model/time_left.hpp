// How long a run will still take: by a table of what each model took once, and by how this run compares.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "commands.hpp"

namespace bufferpool::model {

/// The seconds that the large bounds of the model took, if the table names it.
[[nodiscard]] std::optional<double> full_seconds_of(const std::string& name);

/// What the table names that is none of `models`.
[[nodiscard]] std::vector<std::string> timed_without_model(const Models& models);

/// Of models that run one after the other, none longer than `most_seconds`.
class TimeLeft {
 public:
  TimeLeft(const Models& models, double most_seconds);

  /// The model that runs has ended after so many seconds; now the next one does.
  void note_end(double seconds);

  /// The seconds until all have ended, when the one that runs has done so for `seconds`.
  [[nodiscard]] double when_running_for(double seconds) const;

 private:
  std::vector<double> in_table_;  // for each model; the mean where the table has none
  double most_seconds_;
  std::size_t running_ = 0;
  double ended_in_table_ = 0;
  double ended_ = 0;
};

}  // namespace bufferpool::model
