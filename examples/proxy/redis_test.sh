#!/usr/bin/env bash
# Puts the proxy in front of a real redis-server: redis-benchmark, and replies that a benchmark does not
# look at.
#   redis_test.sh PROXY
set -euo pipefail
proxy=$1

for program in redis-server redis-benchmark redis-cli; do
  command -v $program >/dev/null || {
    echo "skipped: $program is not installed (Debian packages redis-server and redis-tools)"
    exit 77
  }
done

folder=$(mktemp -d)
server='' front=''
cleanup() {
  for process in $front $server; do kill "$process" 2>/dev/null && wait "$process" || true; done
  rm -rf "$folder"
}
trap cleanup EXIT

fail() {
  echo "FAILED: $*"
  tail -n 5 "$folder"/*.log
  exit 1
}

# wait_for WHAT COMMAND...: until the command succeeds, 10 seconds at most.
wait_for() {
  local what=$1
  shift
  for _ in {1..100}; do
    "$@" >/dev/null 2>&1 && return
    sleep 0.1
  done
  fail "$what does not come up"
}

# redis-server cannot choose a free port itself, so try some.
start_server() {
  for _ in {1..20}; do
    server_port=$((20000 + RANDOM % 12000))
    redis-server --bind 127.0.0.1 --port $server_port --save '' --appendonly no --dir "$folder" \
      >"$folder/server.log" 2>&1 &
    server=$!
    sleep 0.3
    kill -0 $server 2>/dev/null && return
  done
  fail 'redis-server finds no free port'
}

# start_proxy MEMORY
start_proxy() {
  "$proxy" --no-load --allow EVAL --upstream 127.0.0.1:"$server_port" --memory "$1" >"$folder/proxy.log" 2>&1 &
  front=$!
  wait_for 'the proxy' grep -q '^listening on' "$folder/proxy.log"
  port=$(sed -n 's/^listening on .*:\([0-9]*\),.*/\1/p' "$folder/proxy.log")
}

stop_proxy() {
  kill -TERM $front
  wait $front || fail "the proxy ended with status $?"
  front=''
  grep -q '^commands answered' "$folder/proxy.log" || fail 'the proxy prints no figures'
}

ask() { redis-cli -p "$port" "$@"; }

# expect REPLY COMMAND...
expect() {
  local wanted=$1 reply
  shift
  reply=$(ask "$@" 2>&1) || fail "redis-cli $*: $reply"
  [ "$reply" = "$wanted" ] || fail "redis-cli $*: '${reply:0:200}' instead of '${wanted:0:200}'"
}

benchmark() {
  redis-benchmark -p "$port" -c 50 -n 2000 -P "$1" -t ping,set,get --csv >"$folder/benchmark.log" 2>&1 ||
    fail "redis-benchmark -P $1"
  [ "$(grep -cE '^"(PING_INLINE|PING_MBULK|SET|GET)","[0-9.]+"' "$folder/benchmark.log")" -eq 4 ] ||
    fail "redis-benchmark -P $1 has not measured its four commands"
}

check_replies() {
  expect PONG PING
  ask DEL list large >/dev/null
  head -c 786432 /dev/urandom | base64 -w 0 >"$folder/large"  # 1 MiB
  expect OK -x SET large <"$folder/large"
  expect 1048576 STRLEN large
  ask GET large >"$folder/returned"  # and a line feed
  cmp -n 1048576 "$folder/returned" "$folder/large" || fail 'a value of 1 MiB comes back changed'
  expect 3 RPUSH list a b c
  expect $'a\nb\nc' LRANGE list 0 -1
  expect $'1\n2\n3\n\nend' EVAL "return {1, {2, {3, false}}, 'end'}" 0
  [[ $(ask SUBSCRIBE news) == *'does not forward this command'* ]] || fail 'SUBSCRIBE is not refused'
  [[ $(ask SELECT 1) == *'database 0 only'* ]] || fail 'SELECT 1 is not refused'
}

start_server
wait_for redis-server redis-cli -p $server_port PING
for memory in pool system; do
  start_proxy $memory
  benchmark 1
  benchmark 16
  check_replies
  stop_proxy
  echo "$memory: as expected"
done
