// The likely cases: a buffer with a small capacity of its own, short messages, slices that are kept for a
// while. A slice holds the bytes that it held when it was frozen, and no two live slices overlap.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <span>
#include <vector>

#include <bufferpool/buffer_pool.hpp>

namespace {

using bufferpool::BufferPool;
using bufferpool::Slice;

constexpr std::size_t kMostCapacity = 4096;
constexpr std::size_t kMostFill = 600;
constexpr std::size_t kMostKept = 64;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "faster: %s\n", what);
  std::abort();
}

/// The input, a number at a time; zeros when it is used up.
class Input {
 public:
  explicit Input(std::span<const std::uint8_t> bytes) : rest_(bytes) {}
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  std::size_t below(std::size_t limit) {
    std::size_t number = 0;
    for (int i = 0; i < 2 && !rest_.empty(); ++i) {
      number = number << 8 | rest_.front();
      rest_ = rest_.subspan(1);
    }
    return number % limit;
  }

 private:
  std::span<const std::uint8_t> rest_;
};

/// Live slices, each beside a copy of what it held.
class Kept {
 public:
  void keep(Slice slice, const std::vector<std::byte>& bytes) {
    if (slice.empty()) return;
    require(std::ranges::equal(slice, bytes), "a frozen slice is not what was filled");
    const auto next = ranges_.lower_bound(slice.data());
    require(next == ranges_.end() || slice.data() + slice.size() <= next->first, "slices overlap");
    require(next == ranges_.begin() || std::prev(next)->second <= slice.data(), "slices overlap");
    ranges_.emplace(slice.data(), slice.data() + slice.size());
    slices_.push_back({std::move(slice), bytes});
  }
  void drop(std::size_t which) {
    if (slices_.empty()) return;
    const auto at = slices_.begin() + static_cast<std::ptrdiff_t>(which % slices_.size());
    require(std::ranges::equal(at->slice, at->bytes), "a live slice has changed");
    ranges_.erase(at->slice.data());
    slices_.erase(at);
  }
  [[nodiscard]] std::size_t count() const { return slices_.size(); }

 private:
  struct Entry {
    Slice slice;
    std::vector<std::byte> bytes;
  };
  std::vector<Entry> slices_;
  std::map<const std::byte*, const std::byte*> ranges_;
};

void run(Input input) {
  Kept kept;
  BufferPool buffer(input.below(kMostCapacity));
  std::vector<std::byte> model;
  for (std::uint8_t stamp = 1; !input.empty(); ++stamp) {
    switch (input.below(8)) {
      case 0:
      case 1:
      case 2: {
        const std::size_t bytes = input.below(kMostFill);
        std::ranges::fill(buffer.fill(bytes), std::byte{stamp});
        model.insert(model.end(), bytes, std::byte{stamp});
        break;
      }
      case 3:
        kept.keep(buffer.freeze(), model);
        model.clear();
        break;
      case 4: {
        const auto bytes = static_cast<std::ptrdiff_t>(input.below(model.size() + 1));
        kept.keep(buffer.freeze(static_cast<std::size_t>(bytes)),
                  {model.begin(), model.begin() + bytes});
        model.erase(model.begin(), model.begin() + bytes);
        break;
      }
      case 5:
        buffer.truncate(model.size() / 2);
        model.resize(model.size() / 2);
        buffer.release_idle();
        break;
      default:
        kept.drop(input.below(kMostKept));
    }
    require(std::ranges::equal(buffer.filled(), model), "what is being filled has changed");
    if (kept.count() > kMostKept) kept.drop(0);
  }
  while (kept.count() != 0) kept.drop(0);
  buffer.clear();
  buffer.release_idle();
  require(buffer.pool().stats().taken_slots == 0, "a slot is lost");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  run(Input({data, size}));
  return 0;
}
