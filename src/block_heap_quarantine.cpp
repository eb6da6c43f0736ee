// Blocks of a hardened build that wait before they can be had again.
#include "bufferpool/block_heap.hpp"

namespace bufferpool::detail {

/// The block that leaves in its place, or nullptr.
void* BlockHeap::give_to_quarantine(SizeClass size_class, void* block,
                                    const ClassCache* own) noexcept {
  // Where a thread may not keep so many blocks, a quarantine may not either.
  if (magazine_limit(size_class) < kQuarantinedBlocks) return block;
  if (own != nullptr && own->blocks.is_asked_back()) return block;
  Tally& out = shared_[to_index(size_class)].out;
  note_peak(own, size_class);
  out.subtract(1);
  const std::uint64_t leaves =
      quarantines_[to_index(size_class)].exchange(reinterpret_cast<std::uintptr_t>(block));
  if (leaves != 0) out.add(1);
  return reinterpret_cast<void*>(leaves);
}

bool BlockHeap::drain_quarantines() noexcept {
  bool found = false;
  for (unsigned index = 0; index < quarantines_.size(); ++index) {
    found |= quarantines_[index].drain([=, this](std::uint64_t leaves) {
      shared_[index].out.add(1);
      give_block(static_cast<SizeClass>(index), reinterpret_cast<const void*>(leaves));
    });
  }
  return found;
}

}  // namespace bufferpool::detail
