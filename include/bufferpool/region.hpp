// One contiguous block of memory: mapped lazily, taken from a memory resource, or the caller's own.
// Given back where it came from on destruction. Not thread-safe: it has one owner; zero() is, on bytes that
// are the caller's.
#pragma once

#include <cstddef>
#include <memory_resource>
#include <span>

namespace bufferpool::detail {

/// A cache line: parts of a region that different threads write to begin at one of their own.
inline constexpr std::size_t kLineBytes = 64;

class Region {
 public:
  /// Reserves `bytes` > 0 of address space; pages are committed, and zeroed, when first touched.
  /// Throws std::bad_alloc when the system refuses.
  static Region map(std::size_t bytes, std::size_t alignment);

  /// Takes the block from `resource`, which outlives the region; passes its exceptions on.
  static Region take_from(std::pmr::memory_resource& resource, std::size_t bytes,
                          std::size_t alignment);

  /// Uses the caller's storage, which outlives the region and is not freed.
  static Region borrow(std::span<std::byte> storage) noexcept;

  /// How long a guard is: a page in a hardened build, else 0.
  [[nodiscard]] static std::size_t guard_bytes() noexcept;
  /// Of a mapping: from now on nobody can touch the guard that ends where `end` points, at a page's begin.
  /// Throws std::bad_alloc when the system refuses.
  void guard_before(std::byte* end) const;

  Region(Region&& other) noexcept;
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;
  Region& operator=(Region&&) = delete;
  ~Region();

  [[nodiscard]] std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_; }
  /// True: every byte reads as zero, and was not touched to make it so.
  [[nodiscard]] bool is_zeroed() const noexcept { return source_ == Source::mapping; }
  /// Overwrites a part of it with zeros; the system gets back whole pages, where they are many.
  void zero(std::byte* at, std::size_t bytes) const noexcept;

 private:
  enum class Source { mapping, resource, caller };
  Region(Source source, std::byte* data, std::size_t bytes) noexcept
      : source_(source), data_(data), bytes_(bytes) {}

  Source source_;
  std::byte* data_;
  std::size_t bytes_;
  std::size_t alignment_ = 1;
  std::pmr::memory_resource* resource_ = nullptr;
};

}  // namespace bufferpool::detail
