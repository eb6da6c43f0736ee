// Commits one fault of support/memory_faults.hpp, so that a tool that runs the program has something to report.
//   memory_faults NAME SLOTS
//   memory_faults --list
#include "support/memory_faults.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>

int main(int count, char** arguments) {
  const std::string_view name = count > 1 ? arguments[1] : "";
  for (const bufferpool::test::MemoryFault& fault : bufferpool::test::kMemoryFaults) {
    if (name == "--list") std::puts(fault.name);
    if (name != fault.name || count != 3) continue;
    std::printf("read %u\n", fault.commit(std::strtoull(arguments[2], nullptr, 10)));
    return 0;
  }
  return name == "--list" ? 0 : 2;
}
