// The large input space: every capacity from 0 to beyond 2^32 bytes or slots, mapped as it is in use; every
// slot length and alignment; any length asked for; several buffers on one pool; up to three threads on
// different cores that keep the slices, also when the pool is gone.
//
// A slice holds the bytes that it held when it was frozen, and no two live slices overlap: buffer_run.hpp.
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory_resource>
#include <new>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "bounded_upstream.hpp"
#include "buffer_run.hpp"
#include "shadow.hpp"
#include <bufferpool/buffer_pool.hpp>
#include <bufferpool/slot_pool.hpp>

namespace {

using bufferpool::BufferPool;
using bufferpool::SlotPool;
using bufferpool::SlotPoolOptions;

constexpr std::size_t kMostStorageBytes = 256 * 1024;
constexpr std::size_t kMostUpstreamBytes = std::size_t{16} << 20;
constexpr std::size_t kMostBuffers = 3;
constexpr fuzz::WalkLimits kLimits{.length_bits = 63,
                                   .most_written = std::size_t{1} << 19,
                                   .most_untouched = std::size_t{1} << 26};

SlotPoolOptions pool_options(fuzz::Input& input, std::pmr::memory_resource* upstream) {
  constexpr std::size_t alignments[] = {0, 0, 1, 8, 16, 64, 4096, 1 << 16, 1 << 21, 3};
  return {.slot_bytes = input.of_any_magnitude(24),
          .slots = input.of_any_magnitude(33),
          .alignment = input.one_of(alignments),
          .upstream = upstream};
}

/// The options may be ones that no pool can have.
std::vector<BufferPool> make_buffers(fuzz::Input& input, std::pmr::memory_resource* upstream,
                                     std::span<std::byte> storage) {
  std::vector<BufferPool> buffers;
  const std::size_t kind = input.below(4);
  const std::size_t count = 1 + input.below(kMostBuffers);
  if (kind == 0) {
    for (std::size_t i = 0; i < count; ++i) {
      buffers.emplace_back(input.of_any_magnitude(50), upstream);
    }
    return buffers;
  }
  const SlotPoolOptions options = pool_options(input, upstream);
  const SlotPool pool = kind == 1 ? SlotPool(options, storage) : SlotPool(options);
  for (std::size_t i = 0; i < count; ++i) buffers.emplace_back(pool);
  return buffers;
}

void run(fuzz::Input input) {
  fuzz::BoundedUpstream bounded(kMostUpstreamBytes, input.below(4) == 0 ? input.number(1) : 0);
  std::pmr::memory_resource* const upstream =
      input.below(8) == 0 ? std::pmr::null_memory_resource() : &bounded;
  const fuzz::RunOptions options{.keepers = static_cast<unsigned>(input.below(4)),
                                 .slices_outlive_pools = input.below(2) == 0};
  std::vector<std::byte> storage(input.of_any_magnitude(17) % kMostStorageBytes);
  std::list<fuzz::Shadow> shadows;
  std::vector<fuzz::BufferWalk> buffers;
  try {
    for (BufferPool& buffer : make_buffers(input, upstream, storage)) {
      shadows.emplace_back(buffer.pool());
      buffers.emplace_back(std::move(buffer), kLimits);
    }
  } catch (const std::bad_alloc&) {
    return;
  } catch (const std::invalid_argument&) {
    return;
  }
  fuzz::BufferRun(std::move(buffers), options).run(input);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  run(fuzz::Input({data, size}));
  return 0;
}
