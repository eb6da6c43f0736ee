// Explores every schedule of the models, within bounds: `model help` prints what it can be asked for.
#include <algorithm>
#include <cstdio>
#include <string>

#include "arguments.hpp"
#include "commands.hpp"
#include "time_left.hpp"

namespace bufferpool::model {
namespace {

Models all_models() {
  Models models;
  add_bitmap_models(models);
  add_chunk_models(models);
  add_buffer_models(models);
  add_misuse_models(models);
  add_magazine_models(models);
  add_run_models(models);
  add_slab_models(models);
  return models;
}

/// Those whose names begin with one of `names`, each of which must have one; without names all.
Models models_named(const std::vector<std::string>& names) {
  const Models models = all_models();
  if (names.empty()) return models;
  Models wanted;
  for (const std::string& name : names) {
    const auto begins = [&](const Model& model) { return model.name.starts_with(name); };
    if (std::ranges::none_of(models, begins)) {
      refuse("no model begins with " + name + "; `model list` says which there are");
    }
  }
  for (const Model& model : models) {
    const auto begins = [&](const std::string& name) { return model.name.starts_with(name); };
    if (std::ranges::any_of(names, begins)) wanted.push_back(model);
  }
  return wanted;
}

/// Deals the models into as many parts as asked for, neighbours to different ones, as they take about as long.
Models part_of(const Models& models, const Arguments& arguments) {
  Models part;
  for (std::size_t i = arguments.part; i < models.size(); i += arguments.parts) {
    part.push_back(models[i]);
  }
  if (part.empty()) refuse("fewer models than parts");
  return part;
}

const Bounds& bounds_of(const Model& model, const Arguments& arguments) {
  return arguments.is_full ? model.full : model.quick;
}

void show_failure(const Model& model, const Arguments& arguments, const SearchResult& result) {
  std::printf("  %s\n  to see it: model replay %s%s '%s'\n", result.failure.c_str(),
              arguments.bounds_options.c_str(), model.name.c_str(), result.schedule.c_str());
  static_cast<void>(show_replay(model, bounds_of(model, arguments), result.schedule));
}

/// Whether this has an effect is known when the operations were done.
void weaken_all(const Arguments& arguments) {
  for (const Weakening& weakening : arguments.weakenings) weaken(weakening);
}

void say_if_not_weakened(const Arguments& arguments) {
  if (arguments.weakenings.empty() || has_weakened()) return;
  std::fprintf(stderr, "model: --weaken matched no atomic operation that a model's threads did\n");
}

bool run_models(const Models& models, const Arguments& arguments) {
  weaken_all(arguments);
  bool all_hold = true;
  SearchLimits limits = arguments.limits;
  TimeLeft time_left(models, limits.seconds);
  limits.seconds_left = [&](double seconds) { return time_left.when_running_for(seconds); };
  for (const Model& model : models) {
    const std::string number = std::to_string(&model - models.data() + 1);
    limits.label = number + " of " + std::to_string(models.size());
    const Bounds& bounds = bounds_of(model, arguments);
    const SearchResult result = search(model, bounds, limits);
    print_result(model, bounds, result);
    time_left.note_end(result.seconds);
    if (!result.has_failed) continue;
    all_hold = false;
    if (arguments.stops_at_failure) break;
    show_failure(model, arguments, result);
  }
  say_if_not_weakened(arguments);
  return all_hold;
}

bool replay_model(const Arguments& arguments) {
  const std::string& name = arguments.names[0];
  const Models models = all_models();
  const auto model = std::ranges::find(models, name, &Model::name);
  if (model == models.end()) refuse("no such model: " + name);
  weaken_all(arguments);
  const Replay result = show_replay(*model, bounds_of(*model, arguments), arguments.names[1]);
  if (!result.refusal.empty()) refuse(result.refusal);
  say_if_not_weakened(arguments);
  return !result.has_failed;
}

/// False: the table of times names other models.
bool list_models() {
  const Models models = all_models();
  bool are_timed = true;
  for (const Model& model : models) {
    const std::optional<double> seconds = full_seconds_of(model.name);
    are_timed = are_timed && seconds;
    if (seconds) {
      std::printf("%-40s %8.2f s\n", model.name.c_str(), *seconds);
    } else {
      std::printf("%-40s has no time\n", model.name.c_str());
    }
  }
  const std::vector<std::string> gone = timed_without_model(models);
  for (const std::string& name : gone) std::printf("%-40s is no model\n", name.c_str());
  return are_timed && gone.empty();
}

bool run_command(const Arguments& arguments) {
  const std::string& command = arguments.command;
  if (command == "litmus") return run_litmus();
  if (command == "museum") return run_museum();
  if (command == "replay") return replay_model(arguments);
  if (command == "list") return list_models();
  const Models models = part_of(models_named(arguments.names), arguments);
  if (command == "all" && !(run_litmus() && run_museum())) return false;
  return run_models(models, arguments);
}

}  // namespace
}  // namespace bufferpool::model

int main(int count, char** arguments) {
  using namespace bufferpool::model;
  return run_command(parse(count, arguments)) ? 0 : 1;
}
