// DPDK's environment, which takes over the process: without huge pages, devices, files of its own, and
// with one core. Every thread that is to use it as DPDK's users do must be registered.
#pragma once

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <sched.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace resource_bench {

/// Where it makes its sockets. Its own choice for ordinary users, /tmp/dpdk, is the first user's alone.
class RuntimeDirectory {
 public:
  RuntimeDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "dpdk_bench.XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no directory " + pattern);
    path_ = pattern;
    setenv("RUNTIME_DIRECTORY", path_.c_str(), 1);
  }
  RuntimeDirectory(const RuntimeDirectory&) = delete;
  RuntimeDirectory& operator=(const RuntimeDirectory&) = delete;
  ~RuntimeDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

 private:
  std::filesystem::path path_;
};

/// One a process, ever. Throws what() it does not start for.
class Eal {
 public:
  Eal() {
    cpu_set_t allowed;
    sched_getaffinity(0, sizeof allowed, &allowed);
    std::vector<std::string> flags = arguments(allowed);
    std::vector<char*> pointers;
    for (std::string& flag : flags) pointers.push_back(flag.data());
    const int count = static_cast<int>(pointers.size());
    pointers.push_back(nullptr);
    if (rte_eal_init(count, pointers.data()) < 0) throw std::runtime_error(rte_strerror(rte_errno));
    // It has put this thread on the one core, where the threads that it makes would stay as well.
    sched_setaffinity(0, sizeof allowed, &allowed);
  }
  Eal(const Eal&) = delete;
  Eal& operator=(const Eal&) = delete;
  ~Eal() { rte_eal_cleanup(); }

 private:
  static std::vector<std::string> arguments(const cpu_set_t& allowed) {
    int core = 0;
    while (!CPU_ISSET(static_cast<std::size_t>(core), &allowed)) ++core;
    // -m: MiB for the largest pool; a page of them is there only once it is written.
    return {"dpdk_bench",
            "--no-huge",
            "--no-pci",
            "--no-telemetry",
            "--no-shconf",
            "--log-level=1",
            "--lcores=0@" + std::to_string(core),
            "-m",
            "1024"};
  }

  RuntimeDirectory runtime_directory_;
};

class RegisteredThread {
 public:
  RegisteredThread() {
    if (rte_thread_register() != 0) throw std::runtime_error(rte_strerror(rte_errno));
  }
  RegisteredThread(const RegisteredThread&) = delete;
  RegisteredThread& operator=(const RegisteredThread&) = delete;
  ~RegisteredThread() { rte_thread_unregister(); }
};

[[gnu::cold, gnu::noinline]] inline void register_thread_slowly() {
  thread_local const RegisteredThread until_the_thread_ends;
}

/// Costs one look at what rte_mempool looks at anyway.
inline void register_thread() {
  if (rte_lcore_id() == LCORE_ID_ANY) [[unlikely]]
    register_thread_slowly();
}

}  // namespace resource_bench
