// A run: its threads, each replaced when it ends, its progress, and what is left behind.
#pragma once

#include "ground.hpp"
#include "tally.hpp"

namespace bufferpool::stress {

/// Until all operations are done. A line about its progress on standard error if it runs long.
[[nodiscard]] Tally run(Ground& ground);

/// Gives back what is in the mailboxes, and counts as a failure, with a line on standard error, whatever is not
/// as before the run. No thread may be at work.
void check_that_all_is_back(Ground& ground, Tally& tally);

}  // namespace bufferpool::stress
