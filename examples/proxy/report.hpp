// What the user sees: a line while it runs, a table when it is over.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "crew.hpp"

namespace proxy {

/// Throws RunError if standard output has not taken all that was printed.
void finish_output();

/// A line that overwrites itself on a terminal; elsewhere a line a second.
class Progress {
 public:
  Progress(std::string title, std::uint64_t seconds);
  ~Progress();

  void show(std::uint64_t elapsed_milliseconds, std::uint64_t replies);

 private:
  std::string title_;
  std::uint64_t seconds_;
  std::uint64_t shown_second_ = 0;
  bool terminal_;
  bool shown_ = false;
};

/// The figures of one run: the proxy's and the load's.
struct RunFigures {
  std::string memory;
  FigureMap proxy;
  FigureMap load;

  bool pooled() const { return memory == "pool"; }
};

void print_comparison(const std::vector<RunFigures>& runs);

/// True if replies were checked and none was lost or wrong.
bool print_verdict(const std::vector<RunFigures>& runs);

/// What a proxy did for real clients.
void print_service(const RunFigures& run);

struct IdleFigures {
  std::string memory;
  std::uint64_t connections = 0;
  FigureMap before;
  FigureMap after;

  double bytes_per_connection() const;
};

/// True if every client is there, no pool slot is held, and none takes more than `max_bytes`; 0:
/// any.
bool print_idle(const IdleFigures& idle, std::uint64_t max_bytes);

}  // namespace proxy
