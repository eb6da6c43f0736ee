// A pool fills up, the heap serves, slices are dropped, the pool serves again. Each step prints the
// occupancy map: `-` is a free slot.
#include <algorithm>
#include <iostream>
#include <vector>

#include <bufferpool/buffer_pool.hpp>

int main() {
  bufferpool::SlotPool pool({.slot_bytes = 1024, .slots = 8});
  bufferpool::BufferPool buffer(pool);
  std::vector<bufferpool::Slice> slices;

  const auto show = [&](const char* step) {
    const auto in_pool = std::count_if(slices.begin(), slices.end(),
                                       [](const auto& slice) { return slice.is_pooled(); });
    std::cout << pool << "  " << step << ": " << in_pool << " slices in the pool, "
              << slices.size() - static_cast<std::size_t>(in_pool) << " on the heap\n";
  };
  const auto send = [&](int messages) {
    for (; messages > 0; --messages) {
      std::fill_n(buffer.fill(1000).data(), 1000, std::byte{42});
      slices.push_back(buffer.freeze());
    }
  };

  show("empty");
  send(8);
  show("full");
  send(3);
  show("exhausted, the heap serves");
  slices.erase(slices.begin(), slices.begin() + 2);
  show("the first two are dropped");
  send(2);
  show("recovered");
  const bool recovered = slices.back().is_pooled();
  slices.clear();
  buffer.release_idle();
  show("all are dropped");

  const auto stats = pool.stats();
  std::cout << "peak " << stats.peak_slots << " slots, " << stats.served_by_upstream
            << " blocks from the heap\n";
  return recovered && stats.taken_slots == 0 ? 0 : 1;
}
