// Explores every schedule of the models, within bounds.
//   model run [--full] [--seconds N] [--progress] [--weaken FILE:LINE[-LINE]=ORDER] [NAME]...
//   model replay NAME SCHEDULE
//   model litmus | museum | list
// Exits with 1 when something failed.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "bufferpool/failure.hpp"
#include "commands.hpp"
#include "execution.hpp"
#include "search.hpp"

namespace bufferpool::model {
namespace {

struct Options {
  bool is_full = false;
  bool stops_at_failure = false;
  SearchLimits limits;
  std::vector<std::string> names;
};

Models all_models() {
  Models models;
  add_bitmap_models(models);
  add_chunk_models(models);
  add_magazine_models(models);
  add_slab_models(models);
  return models;
}

[[noreturn]] void refuse(const std::string& what) {
  std::fprintf(stderr, "%s; see the head of main.cpp\n", what.c_str());
  std::exit(2);
}

std::memory_order order_named(const std::string& name) {
  if (name == "relaxed") return std::memory_order_relaxed;
  if (name == "acquire") return std::memory_order_acquire;
  if (name == "release") return std::memory_order_release;
  if (name == "acq_rel") return std::memory_order_acq_rel;
  refuse("no such order: " + name);
}

void weaken_as(const std::string& text) {
  char file[128];
  char order[16];
  int first = 0;
  int last = 0;
  if (std::sscanf(text.c_str(), "%127[^:]:%d-%d=%15s", file, &first, &last, order) != 4) {
    refuse("not FILE:LINE-LINE=ORDER: " + text);
  }
  weaken({.file = file, .first = first, .last = last, .to = order_named(order)});
}

Options parse(int count, char** arguments) {
  Options options;
  for (int i = 0; i < count; ++i) {
    const std::string argument = arguments[i];
    const bool has_value = i + 1 < count;
    if (argument == "--full") {
      options.is_full = true;
    } else if (argument == "--progress") {
      options.limits.shows_progress = true;
    } else if (argument == "--until-failure") {
      options.stops_at_failure = true;
    } else if (argument == "--seconds" && has_value) {
      options.limits.seconds = std::atof(arguments[++i]);
    } else if (argument == "--weaken" && has_value) {
      weaken_as(arguments[++i]);
    } else {
      options.names.push_back(argument);
    }
  }
  return options;
}

bool is_wanted(const Model& model, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (model.name.starts_with(name)) return true;
  }
  return names.empty();
}

void show_failure(const Model& model, const Bounds& bounds, const SearchResult& result) {
  std::printf("  %s\n  to see it: model replay %s '%s'\n", result.failure.c_str(),
              model.name.c_str(), result.schedule.c_str());
  static_cast<void>(replay(model, bounds, result.schedule));
}

bool run_models(const Options& options) {
  bool all_hold = true;
  for (const Model& model : all_models()) {
    if (!is_wanted(model, options.names)) continue;
    const Bounds& bounds = options.is_full ? model.full : model.quick;
    const SearchResult result = search(model, bounds, options.limits);
    print_result(model, bounds, result);
    if (!result.has_failed) continue;
    all_hold = false;
    if (options.stops_at_failure) break;
    show_failure(model, bounds, result);
  }
  return all_hold;
}

bool replay_model(const Options& options) {
  if (options.names.size() != 2) refuse("replay needs a model and a schedule");
  for (const Model& model : all_models()) {
    if (model.name != options.names[0]) continue;
    return replay(model, options.is_full ? model.full : model.quick, options.names[1]);
  }
  refuse("no such model: " + options.names[0]);
}

bool run_command(const std::string& command, const Options& options) {
  if (command == "run") return run_models(options);
  if (command == "replay") return replay_model(options);
  if (command == "litmus") return run_litmus();
  if (command == "museum") return run_museum();
  if (command != "list") refuse("no such command: " + command);
  for (const Model& model : all_models()) std::printf("%s\n", model.name.c_str());
  return true;
}

}  // namespace
}  // namespace bufferpool::model

int main(int count, char** arguments) {
  using namespace bufferpool::model;
  if (count < 2) refuse("no command");
  // What the library takes for its caller's misuse is a failure of the model.
  bufferpool::set_failure_handler([](const char* message) { fail("%s", message); });
  return run_command(arguments[1], parse(count - 2, arguments + 2)) ? 0 : 1;
}
