// In a build that measures coverage: a process that aborts, as every death test's does, writes down what it ran
// through, too. Otherwise only exit() does.
#include <csignal>

extern "C" void __gcov_dump();

namespace {

extern "C" void write_coverage(int signal) {
  std::signal(signal, SIG_DFL);
  __gcov_dump();
  std::raise(signal);
}

[[maybe_unused]] const auto installed = std::signal(SIGABRT, write_coverage);

}  // namespace
