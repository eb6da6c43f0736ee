// How much memory of this process is in the machine's, as the kernel counts it. Linux only.
#pragma once

#include <cstddef>
#include <fstream>
#include <string>

namespace traffic_bench {

/// The figure of a line of /proc/self/status, which is in KiB; 0 where there is none.
inline std::size_t status_bytes(const std::string& name) {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word != name + ":") continue;
    std::size_t kib = 0;
    status >> kib;
    return kib * 1024;
  }
  return 0;
}

inline std::size_t resident_bytes() { return status_bytes("VmRSS"); }

/// Since the last call of forget_peak_resident(), or the process's begin.
inline std::size_t peak_resident_bytes() { return status_bytes("VmHWM"); }

/// proc(5): "5" resets the peak.
inline void forget_peak_resident() { std::ofstream("/proc/self/clear_refs") << 5; }

}  // namespace traffic_bench
