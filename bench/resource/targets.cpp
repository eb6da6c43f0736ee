#include "targets.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace resource_bench {
namespace {

using bench::Bound;
using bench::Target;

/// `<workload>/<system>/<bytes>`, then `/threads:<n>` if there are several.
struct RowName {
  explicit RowName(std::string_view row)
      : workload(next(row)), system(next(row)), bytes(next(row)), threads(row) {}

  [[nodiscard]] std::string of_system(std::string_view other) const {
    std::string name;
    for (const std::string_view part : {workload, other, bytes, threads}) {
      if (!part.empty()) name.append(name.empty() ? "" : "/").append(part);
    }
    return name;
  }
  [[nodiscard]] long block_bytes() const { return std::atol(std::string(bytes).c_str()); }

  std::string_view workload;
  std::string_view system;
  std::string_view bytes;
  std::string_view threads;

 private:
  static std::string_view next(std::string_view& rest) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
    return part;
  }
};

/// How many times as long as PoolResource another system is to take at least.
struct Lead {
  std::string_view workload;
  std::string_view system;
  double ratio;
};

constexpr Lead leads[] = {
    {"pair", "std_unsynchronized", 6},   {"pair", "std_synchronized", 12},
    {"pair", "boost_unsynchronized", 2}, {"pair", "boost_synchronized", 5},
    {"pair", "new_delete", 2.5},         {"remote", "new_delete", 5},
    {"remote", "boost_synchronized", 5}, {"remote", "std_synchronized", 100},
    {"threads", "std_synchronized", 4},  {"threads", "new_delete", 1.5},
};

/// Over which a lead is set, over some for every workload that has one.
constexpr std::string_view systems_to_lead[] = {
    "new_delete",           "std_unsynchronized", "std_synchronized",
    "boost_unsynchronized", "boost_synchronized", "boost_pool",
};

bool uses_containers(std::string_view workload) {
  return workload.ends_with("_growth") || workload.ends_with("_churn");
}

/// 0 where no lead is set.
double lead_over(const RowName& row) {
  if (std::ranges::find(systems_to_lead, row.system) == std::end(systems_to_lead)) return 0;
  if (uses_containers(row.workload)) return 1.3;
  // Below 1,024 bytes boost::pool writes its links into lines that are in the cache anyway.
  if (row.workload == "burst") {
    return row.system == "boost_pool" && row.block_bytes() < 1024 ? 0 : 1.5;
  }
  if (row.workload == "threads" && row.threads != "threads:8") return 0;
  for (const Lead& lead : leads) {
    if (lead.workload == row.workload && lead.system == row.system) return lead.ratio;
  }
  return 0;
}

std::string reference_of(std::string_view row) { return RowName(row).of_system("PoolResource"); }

std::vector<Target> targets_of(std::string_view row) {
  const RowName name(row);
  if (name.block_bytes() < 64 || name.block_bytes() > 16384) return {};
  if (name.workload == "pair" && name.system == "PoolAllocator") {
    return {{std::string(row), name.of_system("boost_pool"), Bound::at_most, 1.5}};
  }
  const double lead = lead_over(name);
  if (lead == 0) return {};
  return {{std::string(row), reference_of(row), Bound::at_least, lead}};
}

bool has_one_thread(std::string_view row) {
  constexpr std::string_view with_several[] = {"remote", "threads", "latency", "scratch", "thrash"};
  return std::ranges::find(with_several, RowName(row).workload) == std::end(with_several);
}

}  // namespace

bench::Comparison comparison() {
  return {
      has_one_thread, reference_of, targets_of,
      "time: of one block (of one vector, of one operation on a container); the processor's, or "
      "for remote, threads, latency, scratch and thrash the clock's\n"
      "ratio: to PoolResource at the same work\n"
      "remote: with the queue's time, which queue_alone shows\n"
      "latency: of one call, with the clock's time, which clock_ns tells; scratch, thrash: of one "
      "write, and own_lines is without false sharing\n"
      "std_monotonic: never frees and overwrites what is live: a lower bound, not a system\n"
      "All of it in a process with a second thread, as glibc's mutexes and heap are faster until "
      "there is one.\n"};
}

}  // namespace resource_bench
