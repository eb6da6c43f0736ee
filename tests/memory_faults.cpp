// Commits every fault of support/memory_faults.hpp, each in a child of its own, so that a tool that runs the program
// has something to report. Says which comes, and with what status its child ended.
#include "support/memory_faults.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>

namespace {

/// False if there is no child.
bool commit_in_a_child(const bufferpool::test::MemoryFault& fault, std::uint64_t slots) {
  std::printf("fault %s of %llu slots\n", fault.name, static_cast<unsigned long long>(slots));
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    static_cast<void>(fault.commit(slots));
    _exit(0);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return false;
  std::printf("status %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  return true;
}

}  // namespace

int main() {
  for (const bufferpool::test::MemoryFault& fault : bufferpool::test::kMemoryFaults) {
    // Below 64 slots there are no magazines.
    for (const std::uint64_t slots : {std::uint64_t{8}, std::uint64_t{1024}}) {
      if (!commit_in_a_child(fault, slots)) return 2;
    }
  }
}
