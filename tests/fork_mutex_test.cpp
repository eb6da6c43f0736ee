#include "bufferpool/fork_mutex.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <mutex>
#include <set>

#include <gtest/gtest.h>

#include "support/threads.hpp"

namespace bufferpool::detail {
namespace {

TEST(ForkMutex, is_the_same_for_the_same_number) {
  EXPECT_EQ(&fork_mutex(7), &fork_mutex(7));
  std::set<std::mutex*> different;
  for (std::uint64_t number = 0; number < 100; ++number) different.insert(&fork_mutex(number));
  EXPECT_GT(different.size(), 1u);
}

TEST(ForkMutex, is_free_in_a_child_although_another_thread_held_it) {
  std::mutex& mutex = fork_mutex(1);
  bool stops = false;  // guarded by it
  std::thread holder([&] {
    for (bool again = true; again;) {
      const std::lock_guard lock(mutex);
      again = !stops;
    }
  });
  for (int round = 0; round < 100; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(60);  // whoever waits for ever is ended by a signal
      const std::lock_guard lock(mutex);
      ::_exit(0);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0) << "in round " << round;
  }
  {
    const std::lock_guard lock(mutex);
    stops = true;
  }
  holder.join();
}

}  // namespace
}  // namespace bufferpool::detail
