// The smallest user of the library; tests/check_install.sh, check_subproject.sh and the build without
// exceptions compile it.
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <span>
#include <string_view>

#include <bufferpool/buffer_pool.hpp>
#include <bufferpool/slot_pool.hpp>

#if defined(EXPECT_NO_EXCEPTIONS) && (defined(__cpp_exceptions) || defined(__cpp_rtti))
#error "exceptions or type information are on"
#endif

int main() {
  const std::string_view sent = "frozen";
  bufferpool::BufferPool buffers(bufferpool::SlotPool({.slot_bytes = 4096, .slots = 16}));
  const std::span<std::byte> space = buffers.fill(sent.size());
  std::ranges::copy(std::as_bytes(std::span(sent)), space.begin());
  const bufferpool::Slice slice = buffers.freeze();
  const std::string_view received = slice;
  std::puts(received == sent ? "received what was sent" : "received something else");
  return received == sent ? 0 : 1;
}
