// A PoolResource, and a std::map of the blocks that were allocated from it and not given back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <utility>

#include "held_block.hpp"
#include "input.hpp"
#include "live_ranges.hpp"
#include "require.hpp"
#include <bufferpool/pool_resource.hpp>

namespace fuzz {

class BlockModel {
 public:
  BlockModel(bufferpool::PoolResource& memory, LiveRanges& ranges)
      : memory_(memory), ranges_(ranges) {}

  /// Passes upstream's std::bad_alloc on, with nothing changed.
  void step(Input& input) {
    switch (input.below(8)) {
      case 0:
      case 1:
      case 2:
        return allocate(input);
      case 3:
        return allocate_several(input);
      case 4:
        return expand(input);
      case 5:
        return shrink(input);
      default:
        return deallocate(input);
    }
  }

  void deallocate_all() {
    while (!blocks_.empty()) deallocate(blocks_.begin());
  }
  /// As release() does.
  void forget_all() {
    for (const auto& [data, block] : blocks_) {
      block.check();
      ranges_.remove(block.range());
    }
    blocks_.clear();
  }

 private:
  using Blocks = std::map<const std::byte*, HeldBlock>;

  static constexpr std::size_t kMostBlocks = 400;
  static constexpr unsigned kMostLengthBits = 27;  // beyond every pool here
  static constexpr unsigned kMostAlignmentBits = 17;

  void allocate(Input& input) {
    const std::size_t bytes = input.of_any_magnitude(kMostLengthBits);
    allocate(bytes, std::size_t{1} << input.below(kMostAlignmentBits));
  }

  /// As many as fill a magazine, and more.
  void allocate_several(Input& input) {
    const std::size_t bytes = input.below(1024);
    for (std::size_t left = input.below(100); left != 0; --left) allocate(bytes, 8);
  }

  void allocate(std::size_t bytes, std::size_t alignment) {
    if (blocks_.size() >= kMostBlocks) return deallocate(blocks_.begin());
    void* const data = memory_.allocate(bytes, alignment);
    require(memory_.owns(data) == memory_.pool().owns(data), "a block in slots of another's");
    add({static_cast<std::byte*>(data), bytes, alignment, ++stamp_});
  }

  void add(const HeldBlock& block) {
    block.require_aligned();
    ranges_.add(block.range());
    block.write();
    blocks_.emplace(block.data, block);
  }

  [[nodiscard]] Blocks::iterator choose(Input& input) {
    return std::next(blocks_.begin(), static_cast<std::ptrdiff_t>(input.below(blocks_.size())));
  }

  void deallocate(Input& input) {
    if (!blocks_.empty()) deallocate(choose(input));
  }
  void deallocate(Blocks::iterator at) {
    const HeldBlock block = at->second;
    block.check();
    ranges_.remove(block.range());
    blocks_.erase(at);
    memory_.deallocate(block.data, block.bytes, block.alignment);
  }

  void expand(Input& input) {
    if (blocks_.empty()) return;
    const HeldBlock block = choose(input)->second;
    if (block.bytes == 0) return;
    const std::size_t least = block.bytes + input.of_any_magnitude(20);
    const std::size_t most = least + input.of_any_magnitude(20);
    const std::size_t bytes =
        memory_.heap().try_expand(block.data, {block.bytes, block.alignment},  //
                                  {least, most, block.alignment});
    if (bytes != 0) replace(block, bytes, {least, SIZE_MAX});
  }

  void shrink(Input& input) {
    if (blocks_.empty()) return;
    const HeldBlock block = choose(input)->second;
    if (block.bytes == 0) return;
    const std::size_t least = 1 + input.below(block.bytes);
    const std::size_t most = least + input.below(block.bytes - least + 1);
    const std::size_t bytes = memory_.heap().try_shrink(block.data, {block.bytes, block.alignment},
                                                        {least, most, block.alignment});
    if (bytes != 0) replace(block, bytes, {least, most});
  }

  /// The block has another length now, which is in the range; what it held in front is still there.
  void replace(const HeldBlock& block, std::size_t bytes,
               std::pair<std::size_t, std::size_t> range) {
    require(range.first <= bytes && bytes <= range.second, "a block grew to a length not wanted");
    block.check(bytes);
    ranges_.remove(block.range());
    blocks_.erase(block.data);
    add({block.data, bytes, block.alignment, ++stamp_});
  }

  bufferpool::PoolResource& memory_;
  LiveRanges& ranges_;
  Blocks blocks_;
  std::uint64_t stamp_ = 0;
};

}  // namespace fuzz
