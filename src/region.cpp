#include "bufferpool/region.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "bufferpool/annotate.hpp"
#include "bufferpool/failure.hpp"

namespace bufferpool::detail {
namespace {

std::size_t page_bytes() noexcept {
  static const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

/// To write zeros is faster than to have the system map pages anew. But it commits all of a run that may
/// hardly have been touched.
constexpr std::size_t kLeastPagesGivenBack = 64 * 1024;

/// Unmaps what a mapping that was made too large for the sake of alignment has around the block and its
/// guards. Returns where the block begins.
std::byte* trim(std::byte* mapped, std::size_t mapped_bytes, std::size_t bytes,
                std::size_t alignment) noexcept {
  const std::size_t guard = Region::guard_bytes();
  const auto address = reinterpret_cast<std::uintptr_t>(mapped + guard);
  const std::size_t before = (alignment - address % alignment) % alignment;
  const std::size_t after = mapped_bytes - before - bytes - 2 * guard;
  if (before != 0) ::munmap(mapped, before);
  if (after != 0) ::munmap(mapped + before + bytes + 2 * guard, after);
  return mapped + before + guard;
}

void unmap(std::byte* data, std::size_t bytes) noexcept {
  ::munmap(data - Region::guard_bytes(), bytes + 2 * Region::guard_bytes());
}

}  // namespace

std::size_t Region::guard_bytes() noexcept { return annotate::kHardened ? page_bytes() : 0; }

/// In a hardened build a guard lies before and behind every mapping.
Region Region::map(std::size_t bytes, std::size_t alignment) {
  const std::size_t page = page_bytes();
  const std::size_t slack = alignment > page ? alignment : 0;
  const std::size_t extra = slack + 2 * guard_bytes();
  if (bytes > SIZE_MAX - page - extra) throw_bad_alloc();
  const std::size_t rounded = (bytes + page - 1) / page * page;
  constexpr int kUsable = PROT_READ | PROT_WRITE;
  void* const mapped = ::mmap(nullptr, rounded + extra, annotate::kHardened ? PROT_NONE : kUsable,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) throw_bad_alloc();
  std::byte* const data =
      trim(static_cast<std::byte*>(mapped), rounded + extra, rounded, std::max(alignment, page));
  if (annotate::kHardened && ::mprotect(data, rounded, kUsable) != 0) {
    unmap(data, rounded);
    throw_bad_alloc();
  }
  return {Source::mapping, data, rounded};
}

Region Region::take_from(std::pmr::memory_resource& resource, std::size_t bytes,
                         std::size_t alignment) {
  auto* const data = static_cast<std::byte*>(resource.allocate(bytes, alignment));
  Region region(Source::resource, data, bytes);
  region.alignment_ = alignment;
  region.resource_ = &resource;
  return region;
}

Region Region::borrow(std::span<std::byte> storage) noexcept {
  return {Source::caller, storage.data(), storage.size()};
}

void Region::guard_before(std::byte* end) const {
  if (guard_bytes() != 0 && ::mprotect(end - guard_bytes(), guard_bytes(), PROT_NONE) != 0) {
    throw_bad_alloc();
  }
}

void Region::zero(std::byte* at, std::size_t bytes) const noexcept {
  const auto pages = page_bytes() * kLeastPagesGivenBack;
  if (source_ != Source::mapping || bytes < pages) return annotate::zero(at, bytes);
  const auto before =
      (page_bytes() - reinterpret_cast<std::uintptr_t>(at) % page_bytes()) % page_bytes();
  const std::size_t whole = (bytes - before) / page_bytes() * page_bytes();
  annotate::zero(at, before);
  // A private mapping of no file reads as zero from then on.
  if (::madvise(at + before, whole, MADV_DONTNEED) != 0) annotate::zero(at + before, whole);
  annotate::zero(at + before + whole, bytes - before - whole);
}

Region::Region(Region&& other) noexcept
    : source_(std::exchange(other.source_, Source::caller)),
      data_(other.data_),
      bytes_(other.bytes_),
      alignment_(other.alignment_),
      resource_(other.resource_) {}

Region::~Region() {
  if (source_ == Source::mapping) unmap(data_, bytes_);
  if (source_ == Source::resource) resource_->deallocate(data_, bytes_, alignment_);
}

}  // namespace bufferpool::detail
