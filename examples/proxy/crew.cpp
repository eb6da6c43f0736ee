#include "crew.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <thread>

namespace proxy {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// For what takes no time unless something is wrong. 60,000 connections take a while.
constexpr milliseconds patience_for_words{60'000};

/// How long a proxy that has lost its server takes to say so to its clients, and to end.
constexpr milliseconds farewell{1'000};

sigset_t ending_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGINT);
  ::sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

Crew::Crew() {
  const sigset_t set = ending_signals();
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

Crew::~Crew() { ::close(signals_); }

Child& Crew::start(std::string name, const std::vector<std::string>& arguments) {
  return children_.emplace_back(std::move(name), arguments);
}

std::string Crew::next_line(Child& child, milliseconds patience) {
  const auto deadline = steady_clock::now() + patience;
  while (true) {
    if (auto line = child.next_line()) {
      if (line->starts_with("failed ")) fail(child.name() + ": " + line->substr(7));
      return *line;
    }
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
    if (left.count() <= 0) fail(child.name() + " does not answer");
    wait(left);
  }
}

/// Until a line or a signal may have come. A child has no reason to end before the crew does.
void Crew::wait(milliseconds patience) {
  std::vector<pollfd> watched{{signals_, POLLIN, 0}};
  for (const Child& child : children_) watched.push_back({child.output(), POLLIN, 0});
  ::poll(watched.data(), watched.size(),
         static_cast<int>(std::min<std::int64_t>(patience.count(), 3'600'000)));
  if (watched[0].revents != 0) {
    signalfd_siginfo taken;
    [[maybe_unused]] const auto bytes = ::read(signals_, &taken, sizeof taken);
    throw Interrupted();
  }
  for (std::size_t i = 0; i < children_.size(); ++i) {
    if (watched[i + 1].revents == 0 || children_[i].receive()) continue;
    while (const auto line = children_[i].next_line()) {
      if (line->starts_with("failed ")) fail(children_[i].name() + ": " + line->substr(7));
    }
    fail(children_[i].describe_end());
  }
}

void Crew::fail(const std::string& reason) {
  const auto deadline = steady_clock::now() + farewell;
  const auto said_all = [](Child& child) {
    pollfd output{child.output(), POLLIN, 0};
    return ::poll(&output, 1, 0) == 1 && !child.receive();
  };
  // Not all_of: the output of every child is to be read, lest one waits for that.
  while (steady_clock::now() < deadline &&
         std::ranges::count_if(children_, said_all) < std::ssize(children_)) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  // One part's failure is often the consequence of another's.
  std::string reasons = reason;
  for (Child& child : children_) {
    while (const auto line = child.next_line()) {
      if (line->starts_with("failed ")) reasons += "; " + child.name() + ": " + line->substr(7);
    }
  }
  throw RunError(reasons);
}

std::string Crew::expect(Child& child, std::string_view word) {
  while (true) {
    const std::string line = next_line(child, patience_for_words);
    if (line == word) return {};
    if (line.starts_with(std::string(word) + " ")) return line.substr(word.size() + 1);
  }
}

FigureMap Crew::figures(Child& child) {
  child.tell("figures");
  FigureMap figures;
  while (true) {
    const std::string line = next_line(child, patience_for_words);
    if (line == "done") return figures;
    const auto space = line.rfind(' ');
    if (line.starts_with("figure ") && space > 7)
      figures[line.substr(7, space - 7)] = std::stoull(line.substr(space));
  }
}

void Crew::dismiss() {
  for (auto child = children_.rbegin(); child != children_.rend(); ++child) {
    if (!child->finish()) throw RunError(child->describe_end());
  }
}

void Crew::wait_for_signal() {
  try {
    while (true) wait(milliseconds(3'600'000));
  } catch (const Interrupted&) {
  }
}

}  // namespace proxy
