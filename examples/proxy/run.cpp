#include "run.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "crew.hpp"
#include "process.hpp"
#include "report.hpp"
#include "workload.hpp"

namespace proxy {
namespace {

/// The load says something at least every 200 ms, until it waits for the last replies.
constexpr std::chrono::seconds load_patience{20};

class Run {
 public:
  Run(const Options& options, std::span<char* const> arguments, std::string memory)
      : options_(options),
        arguments_(arguments.begin(), arguments.end()),
        memory_(std::move(memory)) {
    std::string upstream = options.upstream;
    if (upstream.empty()) {
      Child& server = crew_.start("the server", with({"--role", "server"}));
      upstream = "127.0.0.1:" + crew_.expect(server, "listening");
    }
    proxy_ = &crew_.start("the proxy",
                          with({"--role", "proxy", "--memory", memory_, "--upstream", upstream}));
    port_ = crew_.expect(*proxy_, "listening");
  }

  RunFigures load() {
    Child& load =
        crew_.start("the load", with({"--role", "load", "--upstream", clients_address()}));
    {
      Progress progress(memory_, options_.seconds);
      while (!follow(crew_.next_line(load, load_patience), progress)) continue;
    }
    RunFigures figures{memory_, {}, crew_.figures(load)};
    figures.proxy = crew_.figures(*proxy_);
    crew_.dismiss();
    return figures;
  }

  RunFigures serve() {
    std::cout << "listening on " << clients_address() << ", memory " << memory_ << "\n";
    finish_output();
    crew_.wait_for_signal();
    RunFigures figures{memory_, crew_.figures(*proxy_), {}};
    crew_.dismiss();
    return figures;
  }

  IdleFigures idle() {
    IdleFigures idle{memory_, options_.idle, crew_.figures(*proxy_), {}};
    Child& clients =
        crew_.start("the idle clients", with({"--role", "idle", "--upstream", clients_address()}));
    crew_.expect(clients, "idle");
    idle.after = crew_.figures(*proxy_);
    crew_.dismiss();
    return idle;
  }

 private:
  std::vector<std::string> with(std::initializer_list<std::string> more) const {
    std::vector<std::string> all = arguments_;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  std::string clients_address() const {
    const bool ipv6 = options_.bind.find(':') != std::string::npos;
    return (ipv6 ? "[" + options_.bind + "]" : options_.bind) + ":" + port_;
  }

  /// Obeys a line of the load; true if the load is over.
  bool follow(const std::string& line, Progress& progress) {
    std::istringstream words(line);
    std::string what;
    std::uint64_t elapsed = 0, replies = 0;
    words >> what >> elapsed >> replies;
    if (what == "progress") progress.show(elapsed, replies);
    if (what == "steady") proxy_->tell("begin");
    if (what == "draining") proxy_->tell("end");
    return what == "draining";
  }

  Options options_;
  std::vector<std::string> arguments_;
  std::string memory_;
  Crew crew_;
  Child* proxy_ = nullptr;
  std::string port_;
};

std::vector<std::string> memories(const Options& options) {
  if (options.memory == Memory::system) return {"system"};
  if (options.memory == Memory::pool || !options.load) return {"pool"};
  return {"pool", "system"};
}

/// A run that is bound to fail does not start.
void check_clients(const Options& options) {
  const bool idle = options.idle > 0;
  const std::string name = idle ? "--idle" : "--connections";
  const std::uint64_t clients = idle ? options.idle : options.connections;
  if (clients > options.max_connections) {
    throw OptionError(name + ": " + std::to_string(clients) + " is more than --max-connections, " +
                      std::to_string(options.max_connections));
  }
  const std::uint64_t wanted = clients + spare_descriptors, allowed = allow_descriptors(wanted);
  if (allowed < wanted) {
    throw RunError(name + ": " + std::to_string(clients) + " connections need " +
                   std::to_string(wanted) + " open files, and the system allows " +
                   std::to_string(allowed) + " (ulimit -Hn)");
  }
}

void check_values(const Options& options) {
  const std::uint64_t longest = Workload::longest_frame(options.value_bytes);
  const auto check = [&](const char* limit, std::uint64_t bytes) {
    if (longest <= bytes) return;
    throw OptionError("--value-bytes: for values of " + std::to_string(options.value_bytes) + ", " +
                      limit + " must be at least " + std::to_string(longest));
  };
  check("--max-frame-bytes", options.frame_bytes);
  check("--max-reply-bytes", options.reply_bytes);
}

int run_load_on(const std::vector<std::string>& memories, const Options& options,
                std::span<char* const> arguments) {
  std::vector<RunFigures> runs;
  for (const std::string& memory : memories) runs.push_back(Run(options, arguments, memory).load());
  print_comparison(runs);
  return print_verdict(runs) ? 0 : 1;
}

}  // namespace

int run(const Options& options, std::span<char* const> arguments) {
  if (!options.load && options.idle == 0) {
    print_service(Run(options, arguments, memories(options).front()).serve());
    return 0;
  }
  check_clients(options);
  if (options.idle == 0) {
    check_values(options);
    return run_load_on(memories(options), options, arguments);
  }
  bool good = true;
  for (const std::string& memory : memories(options)) {
    good &= print_idle(Run(options, arguments, memory).idle(), options.max_idle_bytes);
  }
  return good ? 0 : 1;
}

}  // namespace proxy
