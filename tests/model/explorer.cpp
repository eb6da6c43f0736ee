#include "explorer.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>

#include "model.hpp"

namespace bufferpool::model {
namespace {

std::string text_of(const Choice& choice) {
  return std::to_string(choice.step) + static_cast<char>(choice.kind) +
         std::to_string(choice.chosen);
}

/// The choice that text_of() writes like this.
std::optional<Choice> choice_of(const std::string& text) {
  Choice choice{};
  const char* const end = text.data() + text.size();
  const char* const kind = std::from_chars(text.data(), end, choice.step).ptr;
  if (kind == end) return {};
  choice.kind = static_cast<ChoiceKind>(*kind);
  std::from_chars(kind + 1, end, choice.chosen);
  return text_of(choice) == text ? std::optional(choice) : std::nullopt;
}

}  // namespace

void Explorer::restart() {
  choices_.clear();
  met_.clear();
  next_ = 0;
}

bool Explorer::replay(const std::string& schedule) {
  is_replay_ = true;
  std::istringstream words(schedule);
  for (std::string word; words >> word;) {
    const std::optional<Choice> choice = choice_of(word);
    if (!choice) return false;
    script_.push_back(*choice);
  }
  return true;
}

std::string Explorer::first_unmet() const {
  const auto unmet = std::ranges::find(script_, 0U, &Choice::count);
  return unmet != script_.end() ? text_of(*unmet) : "";
}

unsigned Explorer::choose(unsigned step, ChoiceKind kind, unsigned count) {
  if (count == 1) return 0;
  if (is_replay_) {
    const auto named = [=](const Choice& c) { return c.step == step && c.kind == kind; };
    const auto found = std::ranges::find_if(script_, named);
    if (found == script_.end() || found->chosen >= count) return 0;
    found->count = count;
    return found->chosen;
  }
  if (next_ == choices_.size()) choices_.push_back({step, kind, 0, count});
  const Choice& choice = choices_[next_++];
  if (choice.step != step || choice.kind != kind || choice.count != count) {
    fail("the model is not deterministic: step %u offers another choice than before", step);
  }
  return choice.chosen;
}

bool Explorer::is_new(std::uint64_t state, unsigned preemptions) {
  if (is_replay_ || next_ != choices_.size()) return true;
  if (met_.size() >= kMostStates) return true;
  const auto [found, inserted] = met_.try_emplace(state, preemptions);
  if (inserted) return true;
  if (found->second <= preemptions) return false;
  found->second = static_cast<std::uint8_t>(preemptions);
  return true;
}

bool Explorer::advance() noexcept {
  if (is_replay_) return false;
  // What lies beyond next_ belongs to an execution that was cut short.
  choices_.resize(next_);
  while (!choices_.empty() && choices_.back().chosen + 1 == choices_.back().count) {
    choices_.pop_back();
  }
  if (choices_.empty()) return false;
  ++choices_.back().chosen;
  return true;
}

double Explorer::fraction_done() const noexcept {
  double done = 0;
  double weight = 1;
  for (const Choice& choice : choices_) {
    weight /= choice.count;
    done += weight * choice.chosen;
  }
  return done;
}

std::string Explorer::schedule() const {
  std::ostringstream text;
  for (std::size_t i = 0; i < next_; ++i) {
    const Choice& choice = choices_[i];
    if (choice.chosen == 0) continue;
    text << (text.tellp() != 0 ? " " : "") << text_of(choice);
  }
  return text.str();
}

}  // namespace bufferpool::model
