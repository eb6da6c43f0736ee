// A process that plays one part, and the lines it says. Ends with its owner, however that ends.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace proxy {

class Child {
 public:
  /// Runs this program again with these arguments; throws std::system_error. `name` is for
  /// messages.
  Child(std::string name, const std::vector<std::string>& arguments);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  const std::string& name() const noexcept { return name_; }
  int output() const noexcept { return output_; }

  void tell(std::string_view line);
  /// Reads what has come; false when there will be no more.
  bool receive();
  std::optional<std::string> next_line();
  /// Tells it to stop, and waits for that, briefly; false if it did not end well.
  bool finish();
  /// It says no more: waits for its end, briefly, and tells how that came.
  std::string describe_end();

 private:
  std::optional<int> wait_for_status(std::chrono::milliseconds patience);

  std::string name_;
  pid_t pid_ = -1;
  std::optional<int> ended_;  // with this status, as of waitpid()
  int input_ = -1, output_ = -1;
  std::string text_;
};

}  // namespace proxy
