#include "program.hpp"

#include <cstdlib>
#include <string_view>

#include "ratio_reporter.hpp"

namespace bench {
namespace {

/// Google Benchmark takes the repetitions from the command line and does not say what it took.
int repetitions_in(const std::vector<char*>& arguments) {
  constexpr std::string_view flag = "--benchmark_repetitions=";
  int repetitions = 1;
  for (const std::string_view argument : arguments) {
    if (argument.starts_with(flag)) repetitions = std::atoi(argument.data() + flag.size());
  }
  return repetitions;
}

/// Defaults go first: where a flag is given twice, the last one counts.
void initialize(std::vector<std::string>& defaults, int argc, char** argv) {
  defaults.emplace_back("--benchmark_enable_random_interleaving=true");
  std::vector<char*> arguments(argv, argv + argc);
  for (std::string& flag : defaults) arguments.insert(arguments.begin() + 1, flag.data());
  expect_repetitions(repetitions_in(arguments));
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) std::exit(2);
}

}  // namespace

int run(Program program, int argc, char** argv) {
  initialize(program.defaults, argc, argv);
  program.register_all();
  RatioReporter table(std::move(program.comparison));
  benchmark::RunSpecifiedBenchmarks(&table);
  benchmark::Shutdown();
  return table.failed() ? 1 : 0;
}

}  // namespace bench
