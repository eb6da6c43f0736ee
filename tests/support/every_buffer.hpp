// The three buffers that keep the promises of FillBuffer, for tests that are written once for all.
#pragma once

#include <memory_resource>
#include <string>

#include <gtest/gtest.h>

#include "bufferpool/buffer_pool.hpp"
#include "bufferpool/slot_pool.hpp"
#include "bufferpool/system_buffer.hpp"

namespace bufferpool::test {

struct PrivatePool {
  using Buffer = BufferPool;
  static constexpr const char* kName = "PrivatePool";
  static Buffer make(std::pmr::memory_resource* upstream = nullptr) {
    return BufferPool(64 * 1024, upstream);  // 8 slots of 8 KiB
  }
};

struct SharedPool {
  using Buffer = BufferPool;
  static constexpr const char* kName = "SharedPool";
  static Buffer make(std::pmr::memory_resource* upstream = nullptr) {
    return BufferPool(SlotPool({.slot_bytes = 1000, .slots = 256, .upstream = upstream}));
  }
};

struct NoPool {
  using Buffer = BufferPool;
  static constexpr const char* kName = "NoPool";
  static Buffer make(std::pmr::memory_resource* upstream = nullptr) {
    return BufferPool(0, upstream);
  }
};

struct System {
  using Buffer = SystemBuffer;
  static constexpr const char* kName = "System";
  static Buffer make(std::pmr::memory_resource* upstream = nullptr) {
    return SystemBuffer(upstream);
  }
};

struct NameOfKind {
  template <class Kind>
  static std::string GetName(int) {  // NOLINT(readability-identifier-naming): GoogleTest's name
    return Kind::kName;
  }
};

using EveryKind = testing::Types<PrivatePool, SharedPool, NoPool, System>;

/// For TYPED_TEST_SUITE(Fixture, EveryKind, NameOfKind).
template <class Kind>
class EveryBuffer : public testing::Test {
 protected:
  using Buffer = typename Kind::Buffer;
  Buffer buffer_ = Kind::make();
};

}  // namespace bufferpool::test
