// A Boost vector grows in its place in the pool, slot by slot; a std vector with the same memory moves.
#include <cstddef>
#include <iostream>
#include <vector>

#include <boost/container/list.hpp>
#include <boost/container/vector.hpp>

#include <bufferpool/pool_allocator.hpp>

namespace {

using Allocator = bufferpool::PoolAllocator<int>;

/// Bytes that were moved while the vector grew to `count` elements; those of its first slot apart.
template <class Vector>
std::size_t grow(Vector& vector, int count, const bufferpool::SlotPool& pool) {
  std::size_t moved_bytes = 0;
  for (int i = 0; i < count; ++i) {
    const int* const before = vector.data();
    const std::size_t bytes = vector.size() * sizeof(int);
    vector.push_back(i);
    if (vector.data() == before || bytes == 0) continue;
    if (bytes >= pool.slot_bytes()) moved_bytes += bytes;
    std::cout << "  " << bytes << " bytes move; room for " << vector.capacity() << " elements\n";
  }
  return moved_bytes;
}

}  // namespace

int main() {
  const bufferpool::SlotPool pool({.slot_bytes = 64 * 1024, .slots = 1024});
  bufferpool::PoolResource memory(pool);

  std::cout << "std::vector\n";
  {
    std::vector<int, Allocator> moves(memory);
    grow(moves, 1 << 20, pool);
  }

  std::cout << "boost::container::vector\n";
  boost::container::vector<int, Allocator> stays(memory);
  const std::size_t moved_bytes = grow(stays, 1 << 20, pool);
  std::cout << "  " << moved_bytes << " bytes moved since it filled a slot; it has "
            << stays.size() * sizeof(int) / pool.slot_bytes() << " slots now\n";

  const std::vector<int> numbers(1000, 7);
  boost::container::list<int, Allocator> nodes(memory);
  nodes.insert(nodes.end(), numbers.begin(), numbers.end());  // a thousand nodes in one request
  std::cout << "boost::container::list: " << memory.stats().of(24).in_use << " nodes\n";
  return moved_bytes == 0 && nodes.size() == 1000 ? 0 : 1;
}
