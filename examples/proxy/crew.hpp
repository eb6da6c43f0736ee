// The processes of one run, and what the one that started them waits for.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "child.hpp"

namespace proxy {

/// Why a run cannot go on; its text is for the user.
struct RunError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// SIGINT or SIGTERM came.
struct Interrupted : std::exception {};

using FigureMap = std::map<std::string, std::uint64_t>;

class Crew {
 public:
  /// From now on SIGINT and SIGTERM are taken here.
  Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  ~Crew();

  /// The child stays until the crew goes.
  Child& start(std::string name, const std::vector<std::string>& arguments);

  /// The next line of `child`. Throws RunError if any child says `failed`, ends, or if none comes
  /// in time, and Interrupted.
  std::string next_line(Child& child, std::chrono::milliseconds patience);

  /// Waits for a line that starts with `word`; returns the rest of it.
  std::string expect(Child& child, std::string_view word);

  FigureMap figures(Child& child);

  /// Waits for SIGINT or SIGTERM, and throws RunError if a child ends before.
  void wait_for_signal();

  /// Stops all, the last one started first; throws RunError if one does not end well.
  void dismiss();

 private:
  void wait(std::chrono::milliseconds patience);
  /// Throws RunError, when the others had time to tell their clients.
  [[noreturn]] void fail(const std::string& reason);

  std::deque<Child> children_;
  int signals_;
};

}  // namespace proxy
