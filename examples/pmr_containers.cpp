// A request handler whose strings, vectors and maps come from the pool, shown before, meanwhile and after.
#include <algorithm>
#include <iostream>
#include <map>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include <bufferpool/pool_resource.hpp>

namespace {

using Fields = std::pmr::map<std::pmr::string, std::pmr::string>;

/// "key: value" a line.
Fields parse(std::string_view request, std::pmr::memory_resource& memory) {
  Fields fields(&memory);
  while (!request.empty()) {
    const std::string_view line = request.substr(0, request.find('\n'));
    request.remove_prefix(std::min(line.size() + 1, request.size()));
    const auto colon = line.find(": ");
    if (colon != line.npos) fields.emplace(line.substr(0, colon), line.substr(colon + 2));
  }
  return fields;
}

void show(const char* when, const bufferpool::PoolResource& memory) {
  std::cout << when << ":\n";
  for (const bufferpool::BlockStats& blocks : memory.stats().classes) {
    if (blocks.peak == 0) continue;
    std::cout << "  " << blocks.block_bytes << " bytes: " << blocks.in_use << " in use, peak "
              << blocks.peak << ", " << blocks.cached << " at hand\n";
  }
}

}  // namespace

int main() {
  const bufferpool::SlotPool pool({.slot_bytes = 64 * 1024, .slots = 1024});
  bufferpool::PoolResource memory(pool);
  show("before", memory);
  {
    std::pmr::vector<Fields> requests(&memory);
    requests.reserve(100);
    for (int i = 0; i < 100; ++i) {
      requests.push_back(
          parse("host: a-name-too-long-to-be-kept-inside-of-a-string\nagent: short\naccept: */*\n",
                memory));
    }
    show("100 requests are being handled", memory);
  }
  show("all are done", memory);

  const bufferpool::PoolResourceStats stats = memory.stats();
  std::cout << "blocks from the heap: " << stats.upstream_blocks << '\n';
  return stats.of(48).in_use == 0 && stats.of(48).peak >= 100 ? 0 : 1;
}
