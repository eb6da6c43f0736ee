#include "bufferpool/region.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "bufferpool/failure.hpp"

namespace bufferpool::detail {
namespace {

std::size_t page_bytes() noexcept {
  static const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

/// Unmaps what a mapping that was made too large for the sake of alignment has around the block.
std::byte* trim(std::byte* mapped, std::size_t mapped_bytes, std::size_t bytes,
                std::size_t alignment) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(mapped);
  const std::size_t before = (alignment - address % alignment) % alignment;
  const std::size_t after = mapped_bytes - before - bytes;
  if (before != 0) ::munmap(mapped, before);
  if (after != 0) ::munmap(mapped + before + bytes, after);
  return mapped + before;
}

}  // namespace

Region Region::map(std::size_t bytes, std::size_t alignment) {
  const std::size_t page = page_bytes();
  const std::size_t slack = alignment > page ? alignment : 0;
  if (bytes > SIZE_MAX - page - slack) throw_bad_alloc();
  const std::size_t rounded = (bytes + page - 1) / page * page;
  void* const mapped = ::mmap(nullptr, rounded + slack, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) throw_bad_alloc();
  auto* const data = static_cast<std::byte*>(mapped);
  if (slack == 0) return {Source::mapping, data, rounded};
  return {Source::mapping, trim(data, rounded + slack, rounded, alignment), rounded};
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

Region::Region(Region&& other) noexcept
    : source_(std::exchange(other.source_, Source::caller)),
      data_(other.data_),
      bytes_(other.bytes_),
      alignment_(other.alignment_),
      resource_(other.resource_) {}

Region::~Region() {
  if (source_ == Source::mapping) ::munmap(data_, bytes_);
  if (source_ == Source::resource) resource_->deallocate(data_, bytes_, alignment_);
}

}  // namespace bufferpool::detail
