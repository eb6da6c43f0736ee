#include "child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <thread>

namespace proxy {
namespace {

struct Pipe {
  int read_end = -1, write_end = -1;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "pipe");
  return {ends[0], ends[1]};
}

/// In the new process: only what may be called between fork() and exec().
[[noreturn]] void become(char* const* arguments, const Pipe& input, const Pipe& output,
                         pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // it was gone before it could be watched
  // A terminal sends it to all, and so may whoever ends a process group; the parent decides.
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGTERM, SIG_IGN);
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(input.read_end, STDIN_FILENO);
  ::dup2(output.write_end, STDOUT_FILENO);
  ::execv("/proc/self/exe", arguments);
  ::_exit(127);
}

}  // namespace

Child::Child(std::string name, const std::vector<std::string>& arguments) : name_(std::move(name)) {
  std::vector<std::string> words{"proxy"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const Pipe input = make_pipe(), output = make_pipe();
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0) become(pointers.data(), input, output, parent);
  ::close(input.read_end);
  ::close(output.write_end);
  input_ = input.write_end;
  output_ = output.read_end;
}

Child::~Child() {
  if (!ended_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(input_);
  ::close(output_);
}

void Child::tell(std::string_view line) {
  const std::string text = std::string(line) + "\n";
  // If it is gone, the end of its output says so.
  [[maybe_unused]] const auto written = ::write(input_, text.data(), text.size());
}

bool Child::receive() {
  std::array<char, 4096> arrived;
  const ssize_t bytes = ::read(output_, arrived.data(), arrived.size());
  if (bytes < 0 && errno == EINTR) return true;
  if (bytes <= 0) return false;
  text_.append(arrived.data(), static_cast<std::size_t>(bytes));
  return true;
}

std::optional<std::string> Child::next_line() {
  const auto end = text_.find('\n');
  if (end == std::string::npos) return std::nullopt;
  std::string line = text_.substr(0, end);
  text_.erase(0, end + 1);
  return line;
}

std::optional<int> Child::wait_for_status(std::chrono::milliseconds patience) {
  constexpr std::chrono::milliseconds step{10};
  for (; !ended_ && patience.count() > 0; patience -= step) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      ended_ = status;
    } else {
      std::this_thread::sleep_for(step);
    }
  }
  return ended_;
}

bool Child::finish() {
  tell("stop");
  return wait_for_status(std::chrono::seconds(5)) == 0;
}

std::string Child::describe_end() {
  const auto status = wait_for_status(std::chrono::milliseconds(500));
  if (!status) return name_ + " says no more";
  if (WIFSIGNALED(*status)) {
    return name_ + " was killed by signal " + std::to_string(WTERMSIG(*status));
  }
  return name_ + " ended with status " + std::to_string(WEXITSTATUS(*status));
}

}  // namespace proxy
