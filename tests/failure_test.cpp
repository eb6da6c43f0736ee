#include "bufferpool/failure.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

namespace bufferpool {
namespace {

struct Reported {
  std::string message;
};

/// Leaves the failing function, as only a handler of a function that is not noexcept may.
void throw_the_message(const char* message) { throw Reported{message}; }

class Failure : public ::testing::Test {
 protected:
  void SetUp() override { before_ = set_failure_handler(&throw_the_message); }
  void TearDown() override { set_failure_handler(before_); }

  template <class... Arguments>
  static std::string message_of(const char* format, Arguments... arguments) {
    try {
      detail::fail(format, arguments...);
    } catch (const Reported& reported) {
      return reported.message;
    }
  }

 private:
  FailureHandler before_ = nullptr;
};

TEST_F(Failure, the_handler_receives_one_formatted_line) {
  EXPECT_EQ(message_of("pool %d: slot %s", 7, "three"), "pool 7: slot three\n");
}

TEST_F(Failure, an_empty_message_is_an_empty_line) { EXPECT_EQ(message_of("%s", ""), "\n"); }

TEST_F(Failure, a_long_line_is_cut_and_still_a_line) {
  for (const std::size_t length : {509u, 510u, 511u, 512u, 513u, 5000u}) {
    const std::string text(length, 'x');
    const std::string message = message_of("%s", text.c_str());
    EXPECT_EQ(message, text.substr(0, std::min<std::size_t>(length, 510)) + "\n") << length;
  }
}

TEST_F(Failure, setting_a_handler_returns_the_one_before) {
  EXPECT_EQ(set_failure_handler(nullptr), &throw_the_message);
  const FailureHandler by_default = set_failure_handler(&throw_the_message);
  EXPECT_NE(by_default, nullptr);
  EXPECT_NE(by_default, &throw_the_message);
}

TEST_F(Failure, what_cannot_be_met_is_an_exception) {
  EXPECT_THROW(detail::throw_bad_alloc(), std::bad_alloc);
  EXPECT_THROW(detail::throw_bad_array_new_length(), std::bad_array_new_length);
  EXPECT_THROW(detail::throw_invalid_argument("why"), std::invalid_argument);
}

TEST(FailureDeathTest, the_default_handler_writes_to_standard_error_and_the_process_aborts) {
  EXPECT_EXIT(detail::fail("bufferpool: %s %d", "test", 42), ::testing::KilledBySignal(SIGABRT),
              "bufferpool: test 42");
}

TEST(FailureDeathTest, a_handler_that_returns_is_followed_by_abort) {
  EXPECT_EXIT(
      {
        set_failure_handler([](const char* message) { std::fputs(message, stderr); });
        detail::fail("it returned");
      },
      ::testing::KilledBySignal(SIGABRT), "it returned");
}

TEST(FailureDeathTest, a_handler_may_end_the_process_its_own_way) {
  EXPECT_EXIT(
      {
        set_failure_handler([](const char*) { std::_Exit(3); });
        detail::fail("unseen");
      },
      ::testing::ExitedWithCode(3), "");
}

}  // namespace
}  // namespace bufferpool
