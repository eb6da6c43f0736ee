// One line on stderr that says what is being measured, while the table is still far away.
#pragma once

#include <string_view>

namespace seed_bench {

/// To be called before each measurement. On a terminal the line is rewritten; elsewhere one appears
/// every 10 s.
void show_progress(std::string_view benchmark_name);

/// Clears the line.
void end_progress();

}  // namespace seed_bench
