#include "bufferpool/system_buffer.hpp"

namespace bufferpool {

void SystemBuffer::grow(std::size_t extra_bytes) {
  cursor_.move_upstream(*upstream_, extra_bytes, stats_);
}

bool SystemBuffer::try_grow(std::size_t extra_bytes) noexcept {
#if defined(__cpp_exceptions)
  try {
    grow(extra_bytes);
    return true;
  } catch (...) {
    return false;
  }
#else
  grow(extra_bytes);
  return true;
#endif
}

}  // namespace bufferpool
