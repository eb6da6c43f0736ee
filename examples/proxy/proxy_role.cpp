// The proxy's process, for either memory.
#include <exception>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

#include "control.hpp"
#include "proxy.hpp"
#include "roles.hpp"
#include <bufferpool/buffer_pool.hpp>
#include <bufferpool/slot_pool.hpp>
#include <bufferpool/system_buffer.hpp>

namespace proxy {
namespace {

using bufferpool::BufferPool;
using bufferpool::SlotPool;
using bufferpool::SystemBuffer;

/// What was counted between `begin` and `end`: the load at full speed.
struct SteadyState {
  std::uint64_t commands = 0;
  std::uint64_t heap_allocations = 0;
  std::uint64_t slots_taken = 0;
};

std::uint64_t value_of(const Figures& figures, std::string_view name) {
  for (const auto& [key, value] : figures) {
    if (key == name) return value;
  }
  return 0;
}

template <bufferpool::FillBuffer Buffer>
class ProxyProcess {
 public:
  using PoolFigures = std::function<Figures()>;

  ProxyProcess(const Options& options, std::function<Buffer()> make_buffer,
               PoolFigures pool_figures)
      : proxy_(options, std::move(make_buffer)),
        pool_figures_(std::move(pool_figures)),
        control_(proxy_.io(), [this](std::string_view line) { obey(line); }) {
    say("listening " + std::to_string(proxy_.port()));
  }

  int run() { return proxy_.run(); }

 private:
  void obey(std::string_view line) {
    if (line == "begin") at_begin_ = now();
    if (line == "end") at_end_ = now();
    if (line == "figures") say(all_figures());
    if (line == "stop") proxy_.stop();
  }

  SteadyState now() const {
    const Figures figures = proxy_.figures();
    return {value_of(figures, "commands"), heap_allocations(),
            value_of(pool_figures_(), "slots_taken")};
  }

  Figures all_figures() const {
    Figures figures = proxy_.figures();
    const SteadyState end = at_end_.commands > 0 ? at_end_ : now();
    figures.emplace_back("steady_commands", end.commands - at_begin_.commands);
    figures.emplace_back("steady_allocations", end.heap_allocations - at_begin_.heap_allocations);
    figures.emplace_back("steady_slots_taken", end.slots_taken);
    for (auto& figure : pool_figures_()) figures.push_back(figure);
    return figures;
  }

  Proxy<Buffer> proxy_;
  PoolFigures pool_figures_;
  SteadyState at_begin_, at_end_;
  Control control_;
};

SlotPool make_pool(const Options& options) {
  try {
    return SlotPool({.slot_bytes = options.slot_bytes, .slots = options.slots});
  } catch (const std::bad_alloc&) {
    const std::string slots = std::to_string(options.slots);
    const std::string slot_bytes = std::to_string(options.slot_bytes);
    throw std::runtime_error("--slots " + slots + " of --slot-bytes " + slot_bytes + " ask for " +
                             std::to_string(options.slots * options.slot_bytes) +
                             " bytes of address space, more than the system gives; choose less " +
                             "of either");
  }
}

int run_with_pool(const Options& options) {
  const SlotPool pool = make_pool(options);
  const auto figures = [&pool]() -> Figures {
    const auto stats = pool.stats();
    return {{"slots", stats.slots},
            {"slots_taken", stats.taken_slots},
            {"slots_peak", stats.peak_slots},
            {"fallbacks", stats.served_by_upstream}};
  };
  return ProxyProcess<BufferPool>(
             options, [&pool] { return BufferPool(pool); }, figures)
      .run();
}

int run_with_system(const Options& options) {
  return ProxyProcess<SystemBuffer>(
             options, [] { return SystemBuffer(); }, [] { return Figures{}; })
      .run();
}

}  // namespace

int run_proxy(const Options& options) {
  try {
    return options.memory == Memory::system ? run_with_system(options) : run_with_pool(options);
  } catch (const std::exception& error) {
    say_failed(error);
    return 1;
  }
}

}  // namespace proxy
