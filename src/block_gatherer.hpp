// Blocks that go back to their slabs, a word at a time. Private to the library.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "bufferpool/slab_table.hpp"

namespace bufferpool::detail {

/// Gathers blocks of a class that lie in one word, so that they go back in one operation: a small table in
/// which a word's newcomer turns out who was in its place. Blocks that were taken together often come back
/// so: of the newest word no more than an address is looked at.
template <class Give>
class Gatherer {
 public:
  Gatherer(const SlabTable& slabs, SizeClass size_class, Give give) noexcept
      : slabs_(slabs), size_class_(size_class), give_(give) {}
  Gatherer(const Gatherer&) = delete;
  Gatherer& operator=(const Gatherer&) = delete;
  ~Gatherer() {
    for (const BlockClaim& claim : pending_) {
      if (claim.mask != 0) give_(claim);
    }
  }

  void add(const void* block) noexcept {
    const auto offset =
        static_cast<std::size_t>(static_cast<const std::byte*>(block) - newest_begin_);
    if (offset < newest_bytes_) {
      newest_->mask |= bits::bit_of(slabs_.number_at(offset, size_class_));
      return;
    }
    const BlockClaim claim = slabs_.claim_of(block, size_class_);
    turn_to(claim.slab, claim.word);
    newest_->mask |= claim.mask;
  }

 private:
  void turn_to(std::uint64_t slab, std::uint64_t word) noexcept {
    newest_ = &pending_[(slab + word) % pending_.size()];
    if (newest_->mask != 0 && (newest_->slab != slab || newest_->word != word)) {
      give_(*newest_);
      newest_->mask = 0;
    }
    newest_->slab = slab;
    newest_->word = word;
    newest_begin_ = slabs_.address_of(slab, size_class_, word * bits::kWordBits);
    newest_bytes_ = slabs_.bytes_in(word, size_class_);
  }

  const SlabTable& slabs_;
  SizeClass size_class_;
  Give give_;
  BlockClaim* newest_ = nullptr;
  const std::byte* newest_begin_ = nullptr;
  std::size_t newest_bytes_ = 0;
  std::array<BlockClaim, 32> pending_{};
};

}  // namespace bufferpool::detail
