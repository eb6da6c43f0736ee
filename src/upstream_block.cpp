#include "bufferpool/upstream_block.hpp"

#include <algorithm>
#include <mutex>
#include <new>

#include "bufferpool/bits.hpp"
#include "bufferpool/failure.hpp"
#include "bufferpool/fork_mutex.hpp"

namespace bufferpool::detail {
namespace {

/// Of the table of all blocks that are out, whoever their owners are. Its pages are committed when touched.
constexpr unsigned kBucketBits = 16;
constinit UpstreamBlock* buckets[std::size_t{1} << kBucketBits];

/// Fibonacci hashing (D. E. Knuth, The Art of Computer Programming 3, 6.4).
std::size_t bucket_of(const void* data) noexcept {
  constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15u;
  return reinterpret_cast<std::uintptr_t>(data) * kGolden >> (64 - kBucketBits);
}

std::size_t alignment_of(BlockShape shape) noexcept {
  return std::max(shape.alignment, alignof(std::max_align_t));
}

/// Bytes in front of the caller's: as many as keep those aligned.
std::size_t lead_of(BlockShape shape) noexcept {
  return bits::round_up(sizeof(UpstreamBlock), alignment_of(shape));
}

}  // namespace

/// With the bucket's lock: what leads to the block that begins at `data`, or to the end of the bucket.
UpstreamBlock** UpstreamBlock::link_to(const void* data) noexcept {
  UpstreamBlock** link = &buckets[bucket_of(data)];
  while (*link != nullptr && (*link)->data() != data) link = &(*link)->next_in_bucket_;
  return link;
}

UpstreamBlock* UpstreamBlock::allocate(std::pmr::memory_resource& upstream, std::uint64_t owner_id,
                                       BlockShape shape) {
  const std::size_t lead = lead_of(shape);
  std::size_t bytes = 0;
  if (__builtin_add_overflow(shape.bytes, lead, &bytes) || bytes > PTRDIFF_MAX) throw_bad_alloc();
  if (&upstream == std::pmr::null_memory_resource()) throw_bad_alloc();  // which names itself
  auto* const begin = static_cast<std::byte*>(upstream.allocate(bytes, alignment_of(shape)));
  std::byte* const data = begin + lead;
  auto* const block = ::new (data - sizeof(UpstreamBlock)) UpstreamBlock(shape, owner_id);
  const std::size_t bucket = bucket_of(data);
  const std::lock_guard lock(fork_mutex(bucket));
  block->next_in_bucket_ = buckets[bucket];
  buckets[bucket] = block;
  return block;
}

UpstreamBlock* UpstreamBlock::release(void* data, std::uint64_t owner_id,
                                      BlockShape released) noexcept {
  const std::lock_guard lock(fork_mutex(bucket_of(data)));
  UpstreamBlock** const link = link_to(data);
  UpstreamBlock* const block = *link;
  const bool is_it = block != nullptr && block->owner_id_ == owner_id &&
                     block->shape.bytes == released.bytes &&
                     block->shape.alignment == released.alignment;
  if (!is_it) return nullptr;
  *link = block->next_in_bucket_;
  return block;
}

const UpstreamBlock* UpstreamBlock::find(const void* data, std::uint64_t owner_id) noexcept {
  const std::lock_guard lock(fork_mutex(bucket_of(data)));
  const UpstreamBlock* const block = *link_to(data);
  return block != nullptr && block->owner_id_ == owner_id ? block : nullptr;
}

void UpstreamBlock::free(std::pmr::memory_resource& upstream, BlockShape released) noexcept {
  const std::size_t lead = lead_of(released);
  upstream.deallocate(static_cast<std::byte*>(data()) - lead, lead + released.bytes,
                      alignment_of(released));
}

}  // namespace bufferpool::detail
