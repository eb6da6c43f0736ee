// What the program is asked to do, from its command line.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "execution.hpp"
#include "search.hpp"

namespace bufferpool::model {

struct Arguments {
  std::string command;
  std::vector<std::string> names;  // what is neither a command nor an option
  // The models are dealt into so many parts, of which this one, counted from 0, is meant.
  std::size_t parts = 1;
  std::size_t part = 0;
  bool is_full = false;
  bool stops_at_failure = false;
  SearchLimits limits;
  std::vector<Weakening> weakenings;
  std::string bounds_options;  // those that a replay needs too, a space behind each
};

/// Ends the program, with exit code 2, where they are not as the usage says.
[[nodiscard]] Arguments parse(int count, char** arguments);

/// Says `what` is wrong, and the usage, each in a line on standard error, and exits with 2.
[[noreturn]] void refuse(const std::string& what);

}  // namespace bufferpool::model
