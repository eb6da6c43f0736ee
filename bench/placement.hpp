// Keeps the thread that is timed and the threads that it feeds from taking turns on one core; and where there is one
// thread, all systems on the same core: two cores of a shared machine differ by what others do beside them.
#pragma once

#include <sched.h>

#include <cstddef>

namespace bench {

/// While it lives, the calling thread runs on the first core that it may use, or on all but the
/// first; threads that it creates meanwhile do so for good. No effect where there is only one core.
class Placement {
 public:
  enum class Cores { first, all_but_first };

  explicit Placement(Cores where) {
    if (sched_getaffinity(0, sizeof before_, &before_) != 0 || CPU_COUNT(&before_) < 2) return;
    std::size_t first = 0;
    while (!CPU_ISSET(first, &before_)) ++first;
    cpu_set_t wanted = before_;
    if (where == Cores::first) {
      CPU_ZERO(&wanted);
      CPU_SET(first, &wanted);
    } else {
      CPU_CLR(first, &wanted);
    }
    moved_ = sched_setaffinity(0, sizeof wanted, &wanted) == 0;
  }
  Placement(const Placement&) = delete;
  Placement& operator=(const Placement&) = delete;
  ~Placement() {
    if (moved_) sched_setaffinity(0, sizeof before_, &before_);
  }

 private:
  cpu_set_t before_;
  bool moved_ = false;
};

}  // namespace bench
