// What the proxy forwards on the connection that all clients share, and what it answers itself.
#include "command.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace proxy {
namespace {

using Words = std::vector<std::string_view>;

Route route_of(const Words& words) {
  std::string request = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string_view word : words) {
    request += "$" + std::to_string(word.size()) + "\r\n" + std::string(word) + "\r\n";
  }
  return judge(std::as_bytes(std::span(request))).route;
}

TEST(Command, what_changes_the_shared_connection_or_blocks_it_is_refused) {
  for (const Words& words : std::vector<Words>{{"SUBSCRIBE", "news"},
                                               {"blpop", "list", "0"},
                                               {"WAITAOF", "1", "0", "0"},
                                               {"SCRIPT", "DEBUG", "YES"},
                                               {"script", "debug", "sync"},
                                               {"SELECT", "1"},
                                               {"HELLO", "3"}}) {
    EXPECT_EQ(route_of(words), Route::answer) << words.front();
  }
}

TEST(Command, other_commands_are_forwarded) {
  for (const Words& words : std::vector<Words>{{"GET", "key"},
                                               {"SCRIPT", "EXISTS", "DEBUG"},
                                               {"SCRIPT"},
                                               {"SUBSCRIBERS"},
                                               {"LPOP", "BLPOP"}}) {
    EXPECT_EQ(route_of(words), Route::forward) << words.front();
  }
}

TEST(Command, a_read_of_streams_is_refused_only_if_it_blocks) {
  EXPECT_EQ(route_of({"XREAD", "COUNT", "2", "STREAMS", "BLOCK", "0"}), Route::forward);
  EXPECT_EQ(route_of({"XREAD", "COUNT", "2", "block", "0", "STREAMS", "s", "$"}), Route::answer);
  EXPECT_EQ(route_of({"XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">"}), Route::forward);
  EXPECT_EQ(route_of({"XREADGROUP", "GROUP", "BLOCK", "BLOCK", "STREAMS", "s", ">"}),
            Route::forward);
}

TEST(Command, names_of_a_group_and_its_consumer_are_no_options) {
  EXPECT_EQ(route_of({"XREADGROUP", "GROUP", "streams", "c", "BLOCK", "0", "STREAMS", "s", ">"}),
            Route::answer);
  EXPECT_EQ(route_of({"XREADGROUP", "GROUP", "g", "STREAMS", "BLOCK", "0", "STREAMS", "s", ">"}),
            Route::answer);
}

TEST(Command, an_incomplete_one_is_the_servers_to_refuse) {
  EXPECT_EQ(route_of({"XREADGROUP", "GROUP"}), Route::forward);
  EXPECT_EQ(route_of({"XREADGROUP"}), Route::forward);
}

}  // namespace
}  // namespace proxy
