// What the proxy forwards on the connection that all clients share, and what it answers itself.
#include "command.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace proxy {
namespace {

using Words = std::vector<std::string_view>;
using Names = std::vector<std::string>;

Verdict verdict_on(const Words& words, const Names& vouched = {}) {
  std::string request = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string_view word : words) {
    request += "$" + std::to_string(word.size()) + "\r\n" + std::string(word) + "\r\n";
  }
  return judge(std::as_bytes(std::span(request)), vouched);
}

Route route_of(const Words& words, const Names& vouched = {}) {
  return verdict_on(words, vouched).route;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  for (std::size_t at = text.find_first_not_of(separators); at < text.size();
       at = text.find_first_not_of(separators, at)) {
    const std::size_t end = std::min(text.find_first_of(separators, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end;
  }
  return parts;
}

/// Between semicolons, their words between spaces.
std::vector<Words> commands(std::string_view table) {
  std::vector<Words> all;
  for (const std::string_view command : split(table, ";")) all.push_back(split(command, " \n"));
  return all;
}

TEST(Command, what_changes_the_shared_connection_or_blocks_it_is_refused) {
  for (const Words& words : commands(R"(
       ASKING; AUTH secret; BLMOVE a b LEFT LEFT 0; BLMPOP 0 1 a LEFT; blpop list 0;
       BRPOP a 0; BRPOPLPUSH a b 0; BZMPOP 0 1 a MIN; BZPOPMAX a 0; BZPOPMIN a 0;
       CLIENT REPLY OFF; CLIENT PAUSE 9000; client kill TYPE normal; CLIENT; DISCARD; EXEC;
       HELLO 3; HELLO 2 AUTH a b; MONITOR; MULTI; PSUBSCRIBE *; PUNSUBSCRIBE; READONLY;
       READWRITE; RESET; SCRIPT DEBUG YES; script debug sync; SELECT 1; SSUBSCRIBE news;
       SUBSCRIBE news; SUNSUBSCRIBE; SWAPDB 0 1; UNSUBSCRIBE; UNWATCH; WAIT 1 0; WAITAOF 1 0 0; WATCH a)")) {
    EXPECT_EQ(route_of(words), Route::answer) << testing::PrintToString(words);
  }
}

TEST(Command, what_stops_the_server_or_ends_its_connections_is_refused) {
  for (const Words& words : commands(R"(
       ACL DELUSER default; ACL LOAD; ACL SETUSER default off; CLUSTER FAILOVER;
       CLUSTER RESET; CONFIG SET timeout 1; config set maxclients 1; DEBUG SEGFAULT;
       DEBUG SLEEP 9; FAILOVER; MIGRATE host 1 key 0 9000;
       MODULE LOAD /tmp/module; MODULE UNLOAD name; PSYNC ? -1; REPLCONF ACK 1;
       REPLICAOF host 1; RESTORE-ASKING key 0 value; SAVE; SHUTDOWN NOSAVE; SLAVEOF host 1;
       SYNC)")) {
    EXPECT_EQ(route_of(words), Route::answer) << testing::PrintToString(words);
  }
}

TEST(Command, a_script_is_refused_as_it_may_not_end_or_have_two_replies) {
  for (const Words& words : commands(R"(
       EVAL script 0; EVAL_RO script 0; EVALSHA sha 0; EVALSHA_RO sha 0; FCALL f 0; FCALL_RO f 0;
       FUNCTION LOAD code; FUNCTION RESTORE code; SCRIPT LOAD code)")) {
    EXPECT_EQ(route_of(words), Route::answer) << testing::PrintToString(words);
    EXPECT_EQ(route_of(words, {"EVAL"}), words[0] == "EVAL" ? Route::forward : Route::answer);
  }
}

TEST(Command, a_select_takes_one_argument_as_in_redis) {
  constexpr std::string_view wrong = "-ERR wrong number of arguments for 'select' command\r\n";
  EXPECT_EQ(verdict_on({"SELECT"}).answer, wrong);
  EXPECT_EQ(verdict_on({"SELECT", "0", "1"}).answer, wrong);
  EXPECT_EQ(verdict_on({"SELECT", "0"}).answer, "+OK\r\n");
}

TEST(Command, a_request_of_a_browser_closes_the_connection) {
  EXPECT_EQ(route_of({"POST", "/"}), Route::answer_and_close);
  EXPECT_EQ(route_of({"host:", "localhost"}), Route::answer_and_close);
}

TEST(Command, one_that_the_proxy_does_not_know_is_refused) {
  const std::string long_name(100, 'x'), just_allowed(64, 'x'), just_too_long(65, 'x');
  for (const Words& words : std::vector<Words>{{"SUBSCRIBERS"},
                                               {"BF.RESERVE", "key"},
                                               {"JSON.GET", "key"},
                                               {"BLOCKING.POP", "key", "0"},
                                               {std::string_view("GET\0", 4), "key"},
                                               {""},
                                               {"", "GET"},
                                               {"|"},
                                               {"SCRIPT|"},
                                               {"SCRIPT", ""},
                                               {"SCRIPT", "LOADED"},
                                               {"GE", "T"},
                                               {long_name},
                                               {long_name, "x"},
                                               {just_allowed},
                                               {just_allowed, "x"},
                                               {just_too_long, "x"},
                                               {"SCRIPT", long_name}}) {
    EXPECT_EQ(route_of(words), Route::answer) << words.front();
  }
}

TEST(Command, one_that_can_share_a_connection_is_forwarded) {
  for (const Words& words : commands(R"(
       GET key; set key value; MSET a 1 b 2; INCR n; PING; ping text; ECHO text; DEL a b;
       EXPIRE key 9; SCAN 0; KEYS *; LPUSH list a; LPOP BLPOP; RPOP list; LRANGE list 0 -1;
       SADD set a; SPOP set; HSET hash a 1; HTTL hash FIELDS 1 a; ZADD zset 1 a; ZPOPMIN zset;
       XADD stream * a 1; XGROUP CREATE s g $; XINFO STREAM s; GEOADD geo 1 1 a; PFADD log a;
       SETBIT bits 1 1; BITFIELD_RO bits GET u8 0; FUNCTION LIST; SCRIPT EXISTS DEBUG;
       PUBLISH news a; SPUBLISH news a; PUBSUB CHANNELS; INFO; DBSIZE; TIME; config get save; CONFIG RESETSTAT; COMMAND;
       COMMAND DOCS; MEMORY USAGE key; OBJECT ENCODING key; LATENCY LATEST; SLOWLOG GET;
       LASTSAVE; FLUSHALL; FLUSHDB ASYNC; BGSAVE; ACL WHOAMI; CLUSTER NODES;
       MODULE LIST; SORT list; ROLE)")) {
    EXPECT_EQ(route_of(words), Route::forward) << testing::PrintToString(words);
  }
}

TEST(Command, one_that_the_user_vouches_for_is_forwarded) {
  const Names vouched{"CLIENT|SETNAME", "JSON.GET", std::string(64, 'X')};
  EXPECT_EQ(route_of({"json.get", "key"}, vouched), Route::forward);
  EXPECT_EQ(route_of({std::string(64, 'x')}, vouched), Route::forward);
  EXPECT_EQ(route_of({"CLIENT", "SetName", "me"}, vouched), Route::forward);
  EXPECT_EQ(route_of({"CLIENT", "REPLY", "OFF"}, vouched), Route::answer);
  EXPECT_EQ(route_of({"JSON.SET", "key"}, vouched), Route::answer);
  EXPECT_EQ(route_of({"XREAD", "BLOCK", "0", "STREAMS", "s", "$"}, {"XREAD"}), Route::forward);
}

TEST(Command, what_the_proxy_answers_itself_it_answers_whatever_the_user_vouches_for) {
  const Names vouched{"HELLO", "QUIT", "SELECT"};
  EXPECT_EQ(route_of({"quit"}, vouched), Route::answer_and_close);
  EXPECT_EQ(route_of({"HELLO"}, vouched), Route::answer);
  EXPECT_EQ(route_of({"SELECT", "0"}, vouched), Route::answer);
}

TEST(Command, a_read_of_streams_is_refused_only_if_it_blocks) {
  EXPECT_EQ(route_of({"XREAD", "COUNT", "2", "STREAMS", "BLOCK", "0"}), Route::forward);
  EXPECT_EQ(route_of({"XREAD", "COUNT", "2", "block", "0", "STREAMS", "s", "$"}), Route::answer);
  EXPECT_EQ(route_of({"XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">"}), Route::forward);
  EXPECT_EQ(route_of({"XREADGROUP", "GROUP", "BLOCK", "BLOCK", "STREAMS", "s", ">"}),
            Route::forward);
}

TEST(Command, an_option_of_a_read_that_ends_at_a_zero_is_refused) {
  using namespace std::string_view_literals;
  EXPECT_EQ(route_of({"XREAD", "BLOCK\0"sv, "0", "STREAMS", "s", "$"}), Route::answer);
  EXPECT_EQ(
      route_of({"XREADGROUP", "GROUP\0"sv, "STREAMS", "c", "BLOCK", "0", "STREAMS", "s", ">"}),
      Route::answer);
  EXPECT_EQ(route_of({"XREAD", "STREAMS", "s\0"sv, "$"}), Route::forward);
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
  EXPECT_EQ(route_of({"SCRIPT"}), Route::forward);
}

}  // namespace
}  // namespace proxy
