#include "bufferpool/upstream_block.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "bufferpool/annotate.hpp"
#include "bufferpool/bits.hpp"
#include "bufferpool/failure.hpp"

namespace bufferpool::detail {
namespace {

std::uint64_t mark_of(std::uint64_t pool_id, const void* pointer, BlockShape shape) noexcept {
  // Fibonacci hashing (D. E. Knuth, The Art of Computer Programming 3, 6.4).
  constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15u;
  const std::uint64_t where = (pool_id ^ reinterpret_cast<std::uintptr_t>(pointer)) * kGolden;
  return ((where + shape.bytes) * kGolden + shape.alignment) * kGolden | 1;
}

std::size_t alignment_of(BlockShape shape) noexcept {
  return std::max(shape.alignment, alignof(std::max_align_t));
}

/// Bytes in front of the caller's: as many as keep those aligned.
std::size_t lead_of(BlockShape shape) noexcept {
  return bits::round_up(sizeof(UpstreamBlock), alignment_of(shape));
}

/// In front of the bytes that begin at `pointer`; nullptr where no block's can begin.
UpstreamBlock* block_before(const void* pointer, std::size_t alignment) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  if (pointer == nullptr || address % alignment != 0) return nullptr;
  return reinterpret_cast<UpstreamBlock*>(address - sizeof(UpstreamBlock));
}

/// Its page may be missing, or a guard. The system looks for us, and refuses what it read, as there is no such
/// way to change a mask. (After Abseil's AddressIsReadable.)
bool is_readable(const void* mark) noexcept {
  constexpr int kNoSuchWay = ~0;
  [[maybe_unused]] const annotate::Unwatched unwatched;
  const int saved = errno;
  const bool readable =
      ::syscall(SYS_rt_sigprocmask, kNoSuchWay, mark, nullptr, sizeof(std::uint64_t)) == 0 ||
      errno != EFAULT;
  errno = saved;
  return readable;
}

/// True for one of those who release the same block. The memory may be anything that is mapped, also
/// the start of something poisoned, or what another thread frees.
[[gnu::no_sanitize_address]] [[gnu::no_sanitize_thread]] [[gnu::noinline]] bool take_mark(
    Atomic<std::uint64_t>& mark, std::uint64_t expected) noexcept {
  const annotate::Unwatched unwatched;
  return unwatched.known(mark.load() == expected && mark.compare_exchange_strong(expected, 0));
}

/// As take_mark().
[[gnu::no_sanitize_address]] [[gnu::no_sanitize_thread]] [[gnu::noinline]] bool has_own_mark(
    const UpstreamBlock& block, const Atomic<std::uint64_t>& mark, std::uint64_t pool_id) noexcept {
  const annotate::Unwatched unwatched;
  return unwatched.known(mark.load() == mark_of(pool_id, &block + 1, block.shape));
}

}  // namespace

UpstreamBlock* UpstreamBlock::allocate(std::pmr::memory_resource& upstream, std::uint64_t pool_id,
                                       BlockShape shape) {
  const std::size_t lead = lead_of(shape);
  std::size_t bytes = 0;
  if (__builtin_add_overflow(shape.bytes, lead, &bytes) || bytes > PTRDIFF_MAX) throw_bad_alloc();
  auto* const begin = static_cast<std::byte*>(upstream.allocate(bytes, alignment_of(shape)));
  std::byte* const data = begin + lead;
  return ::new (data - sizeof(UpstreamBlock)) UpstreamBlock(shape, mark_of(pool_id, data, shape));
}

UpstreamBlock* UpstreamBlock::release(void* pointer, std::uint64_t pool_id,
                                      BlockShape released) noexcept {
  UpstreamBlock* const block = block_before(pointer, alignment_of(released));
  if (block == nullptr || !is_readable(&block->mark_)) return nullptr;
  return take_mark(block->mark_, mark_of(pool_id, pointer, released)) ? block : nullptr;
}

const UpstreamBlock* UpstreamBlock::find(const void* pointer, std::uint64_t pool_id) noexcept {
  const UpstreamBlock* const block = block_before(pointer, alignof(std::max_align_t));
  if (block == nullptr || !is_readable(&block->shape) || !is_readable(&block->mark_))
    return nullptr;
  return has_own_mark(*block, block->mark_, pool_id) ? block : nullptr;
}

void UpstreamBlock::free(std::pmr::memory_resource& upstream, BlockShape released) noexcept {
  const std::size_t lead = lead_of(released);
  upstream.deallocate(static_cast<std::byte*>(data()) - lead, lead + released.bytes,
                      alignment_of(released));
}

}  // namespace bufferpool::detail
