#include "arguments.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace bufferpool::model {
namespace {

constexpr const char* kUsage =
    "usage: model run|all [--full] [--part I/N] [--seconds N] [--progress] [--until-failure] "
    "[--weaken FILE:LINE-LINE=ORDER]... [NAME]... | "
    "replay [--full] [--weaken FILE:LINE-LINE=ORDER]... NAME SCHEDULE | litmus | museum | list | "
    "help\n";

constexpr const char* kHelp = R"(
  run      explores every schedule of the models whose names begin with a NAME, or of all, within bounds
  all      litmus and museum, then run
  replay   runs one schedule of the model NAME, as a failure prints it, and prints each step
  litmus   small programs whose outcomes the C++ standard settles
  museum   seeded bugs, each of which must be found
  list     the models' names, and how long each took with the large bounds, by a table that the estimate of
           the time left is made from; fails if the table names other models

  --full            the large bounds instead of the small ones
  --part I/N        of N parts of the models, of about the same length, only part I
  --seconds N       at most so long a model; N may have a fraction
  --progress        how far it is, on standard error
  --until-failure   ends with the first model that fails, and does not print the schedule's steps
  --weaken FILE:LINE-LINE=ORDER
                    the atomic operations that begin in these lines of a file whose name ends with FILE have
                    another memory order: relaxed, acquire, release or acq_rel

Exits with 1 when something failed, and with 2 when the arguments are wrong.
)";

template <class Number>
bool read_whole(std::string_view text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && stop == end;
}

double seconds_of(const std::string& text) {
  double seconds = 0;
  if (!read_whole(text, seconds) || !(seconds > 0)) {
    refuse("--seconds needs a number above 0, not " + text);
  }
  return seconds;
}

/// Into to.part, counted from 0, and to.parts.
void read_part(const std::string& text, Arguments& to) {
  const std::string_view all = text;
  const std::size_t slash = std::min(all.find('/'), all.size());
  const bool is_right = slash != all.size() && read_whole(all.substr(0, slash), to.part) &&
                        read_whole(all.substr(slash + 1), to.parts) && 1 <= to.part &&
                        to.part <= to.parts;
  if (!is_right) refuse("--part needs I/N, such as 1/3, not " + text);
  --to.part;
}

std::memory_order order_named(std::string_view name) {
  if (name == "relaxed") return std::memory_order_relaxed;
  if (name == "acquire") return std::memory_order_acquire;
  if (name == "release") return std::memory_order_release;
  if (name == "acq_rel") return std::memory_order_acq_rel;
  refuse("--weaken knows the orders relaxed, acquire, release and acq_rel, not " +
         std::string(name));
}

Weakening weakening_of(const std::string& text) {
  const std::string_view all = text;
  const std::size_t equals = std::min(all.rfind('='), all.size());
  const std::size_t colon = std::min(all.rfind(':', equals), equals);
  const std::size_t dash = std::min(all.find('-', colon), equals);
  Weakening weakening{.file = text.substr(0, colon)};
  const bool is_right = colon != 0 && dash != equals && equals != all.size() &&
                        read_whole(all.substr(colon + 1, dash - colon - 1), weakening.first) &&
                        read_whole(all.substr(dash + 1, equals - dash - 1), weakening.last) &&
                        1 <= weakening.first && weakening.first <= weakening.last;
  if (!is_right) refuse("--weaken needs FILE:LINE-LINE=ORDER, not " + text);
  weakening.to = order_named(all.substr(equals + 1));
  return weakening;
}

/// The arguments behind the command, one after the other.
class Parser {
 public:
  Parser(int count, char** arguments) : rest_(arguments, arguments + count) {}

  void parse(Arguments& to) {
    while (next_ != rest_.size()) {
      const std::string argument = rest_[next_++];
      if (argument.starts_with("--")) {
        parse_option(argument, to);
      } else {
        to.names.push_back(argument);
      }
    }
  }

 private:
  void parse_option(const std::string& option, Arguments& to) {
    if (option == "--full") {
      to.is_full = true;
      to.bounds_options += "--full ";
    } else if (option == "--weaken") {
      const std::string& text = value_of(option);
      to.weakenings.push_back(weakening_of(text));
      to.bounds_options += "--weaken " + text + ' ';
    } else if (to.command == "replay") {
      refuse("no such option of replay: " + option);
    } else if (option == "--progress") {
      to.limits.shows_progress = true;
    } else if (option == "--until-failure") {
      to.stops_at_failure = true;
    } else if (option == "--part") {
      read_part(value_of(option), to);
    } else if (option == "--seconds") {
      to.limits.seconds = seconds_of(value_of(option));
    } else {
      refuse("no such option: " + option);
    }
  }
  const std::string& value_of(const std::string& option) {
    if (next_ == rest_.size()) refuse(option + " needs a value");
    return rest_[next_++];
  }

  std::vector<std::string> rest_;
  std::size_t next_ = 0;
};

[[noreturn]] void help() {
  std::printf("%s%s", kUsage, kHelp);
  std::exit(0);
}

}  // namespace

Arguments parse(int count, char** arguments) {
  if (count < 2) refuse("no command");
  Arguments parsed;
  parsed.command = arguments[1];
  const std::string& command = parsed.command;
  if (command == "help" || command == "--help") help();
  if (command == "litmus" || command == "museum" || command == "list") {
    if (count > 2) refuse(command + " takes no arguments, and not " + arguments[2]);
  } else if (command != "run" && command != "all" && command != "replay") {
    refuse("no such command: " + command);
  }
  Parser(count - 2, arguments + 2).parse(parsed);
  if (command == "replay" && parsed.names.size() != 2) refuse("replay needs NAME and SCHEDULE");
  return parsed;
}

void refuse(const std::string& what) {
  std::fprintf(stderr, "model: %s\n%s", what.c_str(), kUsage);
  std::exit(2);
}

}  // namespace bufferpool::model
