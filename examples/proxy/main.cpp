// A proxy for the Redis protocol that runs on bufferpool. Without options: a demonstration, see
// --help.
#include <algorithm>
#include <exception>
#include <iostream>
#include <span>

#include "crew.hpp"
#include "options.hpp"
#include "process.hpp"
#include "report.hpp"
#include "roles.hpp"
#include "run.hpp"

namespace proxy {
namespace {

/// Fewer clients than asked for, rather than none, where the system allows no more open files.
int run_proxy_within_limits(Options options) {
  const std::uint64_t allowed = allow_descriptors(options.max_connections + spare_descriptors);
  if (allowed < options.max_connections + spare_descriptors) {
    options.max_connections = std::max(allowed, spare_descriptors + 1) - spare_descriptors;
    if (!options.load) {
      std::cerr << "proxy: the system allows " << allowed << " open files, so at most "
                << options.max_connections << " clients" << std::endl;
    }
  }
  return run_proxy(options);
}

int run_part(const Options& options, std::span<char* const> arguments) {
  if (options.role.empty()) return run(options, arguments);
  if (options.role == "proxy") return run_proxy_within_limits(options);
  if (options.role == "server") return run_server(options);
  if (options.role == "load") return run_load(options);
  if (options.role == "idle") return run_idle(options);
  throw OptionError("--role: it is chosen by the proxy itself");
}

}  // namespace
}  // namespace proxy

int main(int count, char** words) {
  const std::span<char* const> arguments(words + 1,
                                         static_cast<std::size_t>(std::max(count, 1) - 1));
  try {
    const proxy::Options options = proxy::parse_options(arguments);
    if (options.help) {
      std::cout << proxy::help_text();
      proxy::finish_output();
      return 0;
    }
    return proxy::run_part(options, arguments);
  } catch (const proxy::OptionError& error) {
    std::cerr << "proxy: " << error.what() << std::endl;
    return 2;
  } catch (const proxy::Interrupted&) {
    std::cerr << "proxy: interrupted" << std::endl;
  } catch (const std::exception& error) {
    std::cerr << "proxy: " << error.what() << std::endl;
  }
  return 1;
}
