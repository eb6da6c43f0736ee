#include "bufferpool/fork_mutex.hpp"

#include <pthread.h>

#include <iterator>

namespace bufferpool::detail {
namespace {

struct alignas(64) OwnLine {
  std::mutex mutex;
};
constinit OwnLine lines[16];

void lock_all() {
  for (OwnLine& line : lines) line.mutex.lock();
}
void unlock_all() {
  for (OwnLine& line : lines) line.mutex.unlock();
}

/// Early, so that a child unlocks before the handlers of the library's users run, which may want a lock. Should there
/// be no memory for it, a child of several threads may wait for ever, as without it.
[[maybe_unused]] const int forks_wait = ::pthread_atfork(lock_all, unlock_all, unlock_all);

}  // namespace

std::mutex& fork_mutex(std::uint64_t number) noexcept {
  return lines[number % std::size(lines)].mutex;
}

}  // namespace bufferpool::detail
