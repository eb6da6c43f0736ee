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

}  // namespace

std::mutex& fork_mutex(std::uint64_t number) noexcept {
  // Should there be no memory for it, a child of several threads may wait for ever, as without it.
  [[maybe_unused]] static const int forks_wait = ::pthread_atfork(lock_all, unlock_all, unlock_all);
  return lines[number % std::size(lines)].mutex;
}

}  // namespace bufferpool::detail
