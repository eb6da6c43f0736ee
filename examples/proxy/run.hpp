// Starts the processes of a run, waits for them and reports.
#pragma once

#include <span>

#include "options.hpp"

namespace proxy {

/// Returns the exit status; throws RunError, OptionError or Interrupted. `arguments` are those that
/// `options` were parsed from; the children get them too.
int run(const Options& options, std::span<char* const> arguments);

}  // namespace proxy
