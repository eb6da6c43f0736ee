// What memory a region of the library's model would keep from being used again, reckoned, not run: it
// knew eight slices at most, of which only a free beginning or end was usable again. What did not fit
// was the heap's.
#pragma once

#include <cstddef>
#include <list>

namespace traffic_bench {

class OriginalRegion {
 public:
  struct Place {
    std::size_t begin;
    std::size_t end;
  };
  using Places = std::list<Place>;  // of live slices, in the order of their addresses

  explicit OriginalRegion(std::size_t capacity_bytes) : capacity_bytes_(capacity_bytes) {}

  /// The place of a slice of so many bytes; live.end() if the heap has to serve.
  [[nodiscard]] Places::iterator allocate(std::size_t bytes) {
    constexpr std::size_t most_slices = 8;
    if (live_.size() == most_slices) return live_.end();
    const std::size_t used_end = live_.empty() ? 0 : live_.back().end;
    if (capacity_bytes_ - used_end >= bytes)
      return live_.insert(live_.end(), {used_end, used_end + bytes});
    if (!live_.empty() && live_.front().begin >= bytes)
      return live_.insert(live_.begin(), {0, bytes});
    return live_.end();
  }
  void deallocate(Places::iterator place) { live_.erase(place); }
  [[nodiscard]] bool is_heap(Places::iterator place) { return place == live_.end(); }

  /// From the first live slice to the last: what is between them waits for them.
  [[nodiscard]] std::size_t pinned_bytes() const {
    return live_.empty() ? 0 : live_.back().end - live_.front().begin;
  }

 private:
  std::size_t capacity_bytes_;
  Places live_;
};

}  // namespace traffic_bench
