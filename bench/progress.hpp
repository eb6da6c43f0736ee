// One line on stderr that says what is being measured and about how long it will go on, while the
// table is still far away.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

/// What the time left is reckoned from: rows that the filter leaves out do not count. After
/// benchmark::Initialize().
void expect_row(const std::string& name);
void expect_repetitions(int repetitions);

/// To be called before each measurement. On a terminal the line is rewritten; elsewhere one appears
/// every 10 s. A row is tried with more and more iterations first: only a count that stays counts.
void show_progress(const std::string& row, std::int64_t iterations);

/// Clears the line.
void end_progress();

}  // namespace bench
