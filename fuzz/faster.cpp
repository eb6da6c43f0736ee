// The likely cases, many a second: a buffer with a small capacity of its own, short messages, slices that
// are kept for a while or sent to one thread.
//
// A slice holds the bytes that it held when it was frozen, and no two live slices overlap: buffer_run.hpp.
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "bounded_upstream.hpp"
#include "buffer_run.hpp"
#include <bufferpool/buffer_pool.hpp>

namespace {

constexpr std::size_t kMostCapacity = 4096;
constexpr fuzz::WalkLimits kLimits{
    .length_bits = 9, .most_written = 2048, .most_untouched = kMostCapacity};

void run(fuzz::Input input) {
  fuzz::BoundedUpstream upstream(64 * 1024, input.below(8) == 0 ? input.number(1) : 0);
  std::vector<fuzz::BufferWalk> buffers;
  buffers.emplace_back(bufferpool::BufferPool(input.below(kMostCapacity), &upstream), kLimits);
  fuzz::BufferRun(std::move(buffers), {.keepers = 1}).run(input);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  run(fuzz::Input({data, size}));
  return 0;
}
