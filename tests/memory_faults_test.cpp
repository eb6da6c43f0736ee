// AddressSanitizer reports what a holder does outside of what it holds, at the place where it does it.
#include "support/memory_faults.hpp"

#include <cstdint>
#include <ostream>
#include <string>
#include <tuple>

#include <gtest/gtest.h>

#include "support/sanitizers.hpp"

/// For AddressSanitizer: names in the stack also where clang's symbolizer is not installed.
extern "C" const char* __asan_default_options() { return "symbolize=1:allow_addr2line=1"; }

namespace bufferpool::test {

void PrintTo(const MemoryFault& fault, std::ostream* out) { *out << fault.name; }

namespace {

/// With 8 slots there are no magazines.
class MemoryFaultDeathTest
    : public ::testing::TestWithParam<std::tuple<MemoryFault, std::uint64_t>> {};

INSTANTIATE_TEST_SUITE_P(Faults, MemoryFaultDeathTest,
                         ::testing::Combine(::testing::ValuesIn(kMemoryFaults),
                                            ::testing::Values(8, 1024)),
                         [](const auto& named) {
                           return std::get<0>(named.param).name + std::string("_of_") +
                                  std::to_string(std::get<1>(named.param)) + "_slots";
                         });

TEST_P(MemoryFaultDeathTest, is_reported_where_it_happens) {
  if (!kAddressSanitizer) GTEST_SKIP() << "needs a build with AddressSanitizer";
  const auto& [fault, slots] = GetParam();
  // The first frame of the first stack is where the read or write is.
  const std::string report =
      std::string("AddressSanitizer: use-after-poison[^#]*#0 [^\n]*") + fault.name + "\\b";
  EXPECT_DEATH(static_cast<void>(fault.commit(slots)), report);
}

}  // namespace
}  // namespace bufferpool::test
