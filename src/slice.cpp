#include "bufferpool/slice.hpp"

#include <cstring>

namespace bufferpool {

Slice Slice::detach() const {
  if (empty()) return {};
  detail::UpstreamChunk* const copy =
      detail::UpstreamChunk::allocate(*std::pmr::new_delete_resource(), size_);
  std::memcpy(copy->data(), data_, size_);
  copy->set_run(0, chunk_->zeroes());
  static_cast<void>(copy->live.seal(1));  // false: the slice below is alive
  return {copy->data(), size_, copy};
}

}  // namespace bufferpool
