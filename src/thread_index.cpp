#include "bufferpool/thread_index.hpp"

#include "bufferpool/atomic_bitmap.hpp"

namespace bufferpool::detail {
namespace {

constinit Atomic<bits::Word> index_words[AtomicBitmap::words_for(kThreadIndices)];

/// The bitmap of indices in use. Its acquire and release pass the magazines from holder to holder.
AtomicBitmap indices() noexcept { return {index_words, {}, kThreadIndices}; }

/// Gives the index back when the thread ends.
struct ThreadEnd {
  bool* ended;
  ~ThreadEnd() {
    *ended = true;
    const std::uint32_t index = this_thread_index;
    this_thread_index = kNoThreadIndex;
    if (index != kNoThreadIndex) leave_thread_index(index);
  }
};

constinit thread_local bool this_thread_ended = false;

}  // namespace

constinit thread_local std::uint32_t this_thread_index = kNoThreadIndex;

std::uint32_t claim_thread_index() noexcept {
  if (this_thread_index != kNoThreadIndex || this_thread_ended) return this_thread_index;
  static thread_local const ThreadEnd thread_end{&this_thread_ended};
  const AtomicBitmap::Claim claim = indices().take(1);
  if (claim.mask == 0) return kNoThreadIndex;
  const auto bit = static_cast<unsigned>(std::countr_zero(claim.mask));
  this_thread_index = static_cast<std::uint32_t>(claim.word * bits::kWordBits + bit);
  return this_thread_index;
}

bool adopt_thread_index(std::uint32_t index) noexcept { return indices().claim_range(index, 1); }

void leave_thread_index(std::uint32_t index) noexcept {
  static_cast<void>(indices().give_range(index, 1));  // true: the index was held
}

bool is_thread_index_held(std::uint32_t index) noexcept { return indices().is_taken(index); }

}  // namespace bufferpool::detail
