// A connection as one writes it on malloc: what arrives is read into memory that all connections share,
// and each message copied from there into a block of just its length. Only of a message that has not
// all arrived the rest is read into its block.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "bufferpool/pool_resource.hpp"
#include "bufferpool/slot_pool.hpp"
#include "proxy_pool.hpp"
#include "wire.hpp"

namespace traffic_bench {

/// Owns a block of `Blocks`, a handle that is cheap to copy.
template <class Blocks>
class BlockMessage {
 public:
  BlockMessage() = default;
  BlockMessage(Blocks blocks, std::size_t bytes)
      : blocks_(blocks), data_(static_cast<std::byte*>(blocks.allocate(bytes))), bytes_(bytes) {}
  BlockMessage(BlockMessage&& other) noexcept { swap(other); }
  BlockMessage& operator=(BlockMessage&& other) noexcept {
    BlockMessage(std::move(other)).swap(*this);
    return *this;
  }
  ~BlockMessage() {
    if (data_ != nullptr) blocks_.deallocate(data_, bytes_);
  }

  [[nodiscard]] std::byte* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return bytes_; }

 private:
  void swap(BlockMessage& other) noexcept {
    std::swap(blocks_, other.blocks_);
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
  }

  Blocks blocks_;
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
};

/// What the I/O thread reads into.
using Scratch = std::vector<std::byte>;

template <class Blocks>
class BlockConnection {
 public:
  BlockConnection(Blocks blocks, Scratch& scratch) : blocks_(blocks), scratch_(&scratch) {}

  template <class Send>
  void receive(Wire& wire, const Send& send) {
    while (wire.arrived_bytes() > 0) {
      if (message_.size() > 0) {
        read_rest(wire, send);
      } else {
        read_frames(wire, send);
      }
    }
  }

 private:
  template <class Send>
  void read_rest(Wire& wire, const Send& send) {
    filled_bytes_ += wire.read(std::span(message_.data(), message_.size()).subspan(filled_bytes_));
    if (filled_bytes_ == message_.size()) send(std::exchange(message_, {}));
  }

  template <class Send>
  void read_frames(Wire& wire, const Send& send) {
    std::ranges::copy(std::span(header_).first(header_bytes_), scratch_->begin());
    std::span<const std::byte> bytes = std::span(*scratch_).first(
        header_bytes_ + wire.read(std::span(*scratch_).subspan(header_bytes_)));
    header_bytes_ = 0;
    while (const std::size_t frame = frame_bytes(bytes)) {
      const std::size_t here = std::min(frame, bytes.size());
      message_ = {blocks_, frame};
      std::memcpy(message_.data(), bytes.data(), here);
      if (here < frame) {
        filled_bytes_ = here;
        return;
      }
      send(std::exchange(message_, {}));
      bytes = bytes.subspan(here);
    }
    header_bytes_ = bytes.size();
    std::ranges::copy(bytes, header_.begin());
  }

  Blocks blocks_;
  Scratch* scratch_;
  BlockMessage<Blocks> message_;  // the one that has not all arrived, or none
  std::size_t filled_bytes_ = 0;
  std::array<std::byte, header_bytes> header_;
  std::size_t header_bytes_ = 0;  // of a header that has not all arrived
};

struct HeapBlocks {
  [[nodiscard]] void* allocate(std::size_t bytes) { return ::operator new(bytes); }
  void deallocate(void* block, std::size_t) { ::operator delete(block); }
};

struct PoolBlocks {
  [[nodiscard]] void* allocate(std::size_t bytes) { return resource->allocate(bytes); }
  void deallocate(void* block, std::size_t bytes) { resource->deallocate(block, bytes); }
  bufferpool::PoolResource* resource = nullptr;
};

template <class Blocks>
class BlockSystem {
 public:
  using Message = BlockMessage<Blocks>;
  using Connection = BlockConnection<Blocks>;

 protected:
  [[nodiscard]] Connection connect_to(Blocks blocks) { return {blocks, scratch_}; }

 private:
  Scratch scratch_ = Scratch(65536 + header_bytes);
};

struct HeapSystem : BlockSystem<HeapBlocks> {
  static constexpr const char* name = "new_delete";
  [[nodiscard]] Connection connect() { return connect_to({}); }
};

class PoolResourceSystem : public BlockSystem<PoolBlocks> {
 public:
  static constexpr const char* name = "PoolResource";
  [[nodiscard]] Connection connect() { return connect_to({&resource_}); }

 private:
  bufferpool::SlotPool pool_ = proxy_pool();
  bufferpool::PoolResource resource_{pool_};
};

}  // namespace traffic_bench
