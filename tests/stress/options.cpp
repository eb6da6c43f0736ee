#include "options.hpp"

#include <charconv>
#include <cstddef>
#include <cstdio>
#include <string_view>

namespace bufferpool::stress {
namespace {

constexpr std::uint64_t kMostThreads = 1000;

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool set(Options& options, std::string_view name, std::uint64_t number) {
  if (name == "--threads" && number >= 1 && number <= kMostThreads) {
    options.threads = static_cast<unsigned>(number);
  } else if (name == "--operations" && number >= 1) {
    options.operations = number;
  } else if (name == "--seed") {
    options.seed = number;
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::optional<Options> parse(std::span<char* const> arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    const char* const text = i + 1 < arguments.size() ? arguments[i + 1] : "";
    const auto number = number_in(text);
    if (!number || !set(options, arguments[i], *number)) {
      std::fprintf(stderr, "not '%s %s': stress [--threads 1..%llu] [--operations N] [--seed N]\n",
                   arguments[i], text, static_cast<unsigned long long>(kMostThreads));
      return std::nullopt;
    }
  }
  return options;
}

}  // namespace bufferpool::stress
