#include <cstdio>
#include <utility>

#include "worker.hpp"

namespace bufferpool::stress {
namespace {

void report(const Holding& holding, std::size_t at) {
  std::uint64_t found = 0;
  std::memcpy(&found, holding.bytes.data() + at, std::min(kStampBytes, holding.bytes.size() - at));
  std::fprintf(stderr, "WRONG STAMP in a %s of %zu bytes, at byte %zu: %llx instead of %llx\n",
               name_of(holding.kind), holding.bytes.size(), at,
               static_cast<unsigned long long>(found),
               static_cast<unsigned long long>(holding.stamp));
}

}  // namespace

void give_back(Ground& ground, Holding holding, Tally& tally) {
  if (const auto at = first_wrong(holding.bytes, holding.stamp)) {
    ++tally.failures;
    report(holding, *at);
  }
  if (holding.kind == Holding::Kind::slots) {
    ground.pool.deallocate_run(holding.bytes.data(), holding.measure);
  } else if (holding.kind == Holding::Kind::block) {
    ground.memory.deallocate(holding.bytes.data(), holding.bytes.size(), holding.measure);
  } else {
    --tally.live_slices;
  }
}

}  // namespace bufferpool::stress
