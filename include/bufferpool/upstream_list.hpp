// The blocks that a resource took from upstream and that nobody has given back: so that its end, or
// release(), can. Any thread may call any function; under a lock (fork_mutex.hpp), as
// upstream costs more.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <mutex>

#include "bufferpool/live_count.hpp"
#include "bufferpool/upstream_block.hpp"

namespace bufferpool::detail {

class UpstreamList {
 public:
  /// `upstream` outlives the list; `owner_id` is not used by another list. With `zeroes`, blocks are
  /// overwritten before upstream gets them back.
  UpstreamList(std::pmr::memory_resource& upstream, std::uint64_t owner_id,
               bool zeroes = false) noexcept
      : upstream_(upstream), owner_id_(owner_id), zeroes_(zeroes) {}
  UpstreamList(const UpstreamList&) = delete;
  UpstreamList& operator=(const UpstreamList&) = delete;
  ~UpstreamList() { release_all(); }

  /// Passes upstream's exception on, with nothing changed.
  [[nodiscard]] void* allocate(BlockShape shape);

  /// False, and nothing changed: no block of this list, or of another shape, or given back before.
  [[nodiscard]] bool deallocate(void* block, BlockShape shape) noexcept;

  /// The block of this list that begins at `block`, or nullptr.
  [[nodiscard]] const UpstreamBlock* find(const void* block) const noexcept {
    return live_.get() != 0 ? UpstreamBlock::find(block, owner_id_) : nullptr;
  }

  /// Gives all back.
  void release_all() noexcept;

  [[nodiscard]] std::uint64_t size() const noexcept { return live_.get(); }

 private:
  [[nodiscard]] std::mutex& mutex() const noexcept;
  void link(UpstreamBlock& block) noexcept;
  void unlink(UpstreamBlock& block) noexcept;

  std::pmr::memory_resource& upstream_;
  std::uint64_t owner_id_;
  bool zeroes_;
  Tally live_;
  UpstreamBlock* first_ = nullptr;
};

}  // namespace bufferpool::detail
