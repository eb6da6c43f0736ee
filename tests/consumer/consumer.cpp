// The smallest user of the library; tests/check_install.sh, check_subproject.sh and the build without
// exceptions compile it.
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <span>
#include <string_view>
#include <vector>

#include <bufferpool/buffer_pool.hpp>
#include <bufferpool/pool_allocator.hpp>
#include <bufferpool/slot_pool.hpp>

#if defined(EXPECT_NO_EXCEPTIONS) && (defined(__cpp_exceptions) || defined(__cpp_rtti))
#error "exceptions or type information are on"
#endif

int main() {
  const std::string_view sent = "frozen";
  const bufferpool::SlotPool pool({.slot_bytes = 4096, .slots = 16});
  bufferpool::BufferPool buffers(pool);
  const std::span<std::byte> space = buffers.fill(sent.size());
  std::ranges::copy(std::as_bytes(std::span(sent)), space.begin());
  const bufferpool::Slice slice = buffers.freeze();
  bufferpool::PoolResource memory(pool);
  const std::string_view frozen = slice;
  const std::vector<char, bufferpool::PoolAllocator<char>> kept(frozen.begin(), frozen.end(),
                                                                memory);
  const std::string_view received(kept.data(), kept.size());
  std::puts(received == sent ? "received what was sent" : "received something else");
  return received == sent ? 0 : 1;
}
