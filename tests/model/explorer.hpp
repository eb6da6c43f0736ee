// Depth first through all that may happen: each execution follows the choices of the last one up to the
// deepest that has an alternative left. States that were met before are not gone into again.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace bufferpool::model {

/// Which thread goes on, which store a load reads, where a store comes, how a compare-exchange ends.
enum class ChoiceKind : char { thread = 't', load = 'r', store = 'w', exchange = 'x' };

struct Choice {
  unsigned step;  // of the execution
  ChoiceKind kind;
  unsigned chosen;
  unsigned count;
};

class Explorer {
 public:
  /// Starts anew, with nothing explored.
  void restart();

  /// Only what `schedule` says: "12t1 15r2", a choice that it does not name is 0. False: it is no such text.
  [[nodiscard]] bool replay(const std::string& schedule);
  /// What `schedule` says first that no execution since offered the choice of; empty: all was offered.
  [[nodiscard]] std::string first_unmet() const;
  [[nodiscard]] bool is_replay() const noexcept { return is_replay_; }

  void begin_execution() noexcept { next_ = 0; }
  [[nodiscard]] unsigned choose(unsigned step, ChoiceKind kind, unsigned count);

  /// False: this state was met before, with at most as many preemptions, and all that follows is
  /// explored or will be. `state` is a hash of 64 bits: of 10^7 states two are taken for one another with
  /// probability 3 * 10^-6.
  [[nodiscard]] bool is_new(std::uint64_t state, unsigned preemptions);

  /// To the next execution; false: there is none.
  [[nodiscard]] bool advance() noexcept;

  /// How much of the tree is done, by its shape so far.
  [[nodiscard]] double fraction_done() const noexcept;

  /// The choices that are not 0, for replay().
  [[nodiscard]] std::string schedule() const;

 private:
  static constexpr std::size_t kMostStates = 40'000'000;

  std::vector<Choice> choices_;
  std::size_t next_ = 0;
  std::unordered_map<std::uint64_t, std::uint8_t> met_;
  bool is_replay_ = false;
  std::vector<Choice> script_;  // count: 0 until it was offered
};

}  // namespace bufferpool::model
