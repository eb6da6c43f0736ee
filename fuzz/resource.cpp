// Sequences of allocate, deallocate, expand, shrink and release on two PoolResources of one SlotPool, beside
// runs of its slots and containers; every step here or on a thread that ends, or waits, afterwards.
//
// Every block is aligned, holds what was written to it, and shares no byte with another; in the end nothing
// is counted as held, by the resources, the pool or upstream.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>
#include <new>
#include <optional>
#include <stdexcept>
#include <thread>

#include "all_free.hpp"
#include "block_model.hpp"
#include "bounded_upstream.hpp"
#include "container_model.hpp"
#include "input.hpp"
#include "live_ranges.hpp"
#include "require.hpp"
#include "run_model.hpp"
#include "support/resource_stats.hpp"
#include "support/threads.hpp"
#include <bufferpool/pool_resource.hpp>
#include <bufferpool/slot_pool.hpp>

namespace {

using bufferpool::PoolResource;
using bufferpool::PoolResourceOptions;
using bufferpool::SlotPool;
using bufferpool::SlotPoolOptions;

constexpr std::size_t kMostPoolBytes = std::size_t{16} << 20;
constexpr std::size_t kMostUpstreamBytes = std::size_t{16} << 20;
constexpr std::size_t kMostWaitingThreads = 3;

SlotPoolOptions pool_options(fuzz::Input& input) {
  constexpr std::size_t lengths[] = {65536, 4096, 256, 64, 16, 48, 1008, 100'000, 1 << 20, 1000};
  constexpr std::size_t alignments[] = {0, 0, 0, 16, 32, 64, 4096, 1 << 20};
  const std::size_t slot_bytes = input.one_of(lengths);
  const std::size_t alignment = input.one_of(alignments);
  const std::size_t most = kMostPoolBytes / std::max(slot_bytes, alignment);
  return {.slot_bytes = slot_bytes,
          .slots = std::min<std::uint64_t>(input.of_any_magnitude(11), most),
          .alignment = alignment};
}

PoolResourceOptions resource_options(fuzz::Input& input) {
  PoolResourceOptions options;
  if (input.below(4) == 0) options.most_pooled_bytes = input.of_any_magnitude(20);
  if (input.below(8) == 0) options.precommit_slots = input.below(64);
  return options;
}

/// A resource, and what is allocated from it.
class User {
 public:
  User(const SlotPool& pool, const PoolResourceOptions& options, fuzz::LiveRanges& ranges)
      : memory_(pool, options), blocks_(memory_, ranges) {}

  void step(fuzz::Input& input) {
    const std::size_t choice = input.below(16);
    if (choice == 0) return release(input);
    if (choice >= 6) return blocks_.step(input);
    if (!containers_) containers_.emplace(memory_);
    containers_->step(input);
  }

  void give_everything_back() {
    blocks_.deallocate_all();
    containers_.reset();
    require_quiet();
  }
  /// The destructor does.
  void leave_everything() {
    containers_.reset();
    blocks_.forget_all();
  }

 private:
  void release(fuzz::Input& input) {
    if (input.below(4) != 0) return;
    leave_everything();
    memory_.release();
    require_quiet();
  }
  void require_quiet() const {
    fuzz::require(bufferpool::test::is_quiet(memory_.stats()), "a resource counts what is gone");
  }

  PoolResource memory_;
  fuzz::BlockModel blocks_;
  std::optional<fuzz::ContainerModel> containers_;
};

class ResourceRun {
 public:
  ResourceRun(const SlotPool& pool, fuzz::Input& input)
      : runs_(pool, ranges_),
        first_(pool, resource_options(input), ranges_),
        second_(pool, resource_options(input), ranges_) {}

  void run(fuzz::Input& input) {
    while (!input.empty()) {
      const std::size_t where = input.below(32);
      if (where == 0) {
        bufferpool::test::on_a_thread_that_ends([&] { step(input); });
      } else if (where == 1 && threads_.size() < kMostWaitingThreads) {
        threads_.emplace_back([&] { step(input); });
      } else {
        step(input);
      }
    }
    runs_.deallocate_all();
    first_.give_everything_back();
    second_.leave_everything();
  }

 private:
  void step(fuzz::Input& input) {
    try {
      switch (input.below(8)) {
        case 0:
          return runs_.step(input);
        case 1:
        case 2:
          return second_.step(input);
        default:
          return first_.step(input);
      }
    } catch (const std::bad_alloc&) {
      // Upstream refuses; nothing has changed, as is seen later.
    }
  }

  fuzz::LiveRanges ranges_;
  fuzz::RunModel runs_;
  User first_;
  User second_;
  std::list<bufferpool::test::WaitingThread> threads_;
};

void run(fuzz::Input input) {
  fuzz::BoundedUpstream upstream(kMostUpstreamBytes, input.below(4) == 0 ? input.number(1) : 0);
  SlotPoolOptions options = pool_options(input);
  options.upstream = &upstream;
  const SlotPool pool(options);
  try {
    ResourceRun(pool, input).run(input);
  } catch (const std::invalid_argument&) {
    fuzz::require(options.slot_bytes % 16 != 0, "a pool that a resource can use was refused");
  }
  fuzz::require_all_free(pool);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  run(fuzz::Input({data, size}));
  return 0;
}
