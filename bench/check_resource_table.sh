#!/bin/sh
# Runs a part of resource_bench for a moment and looks whether the table has every system and
# every verdict, and whether the percentiles are in the JSON. No timing is judged.
# usage: check_resource_table.sh RESOURCE_BENCH [OPTIONAL_SYSTEM...]
set -eu
status=0
json=$(mktemp)
trap 'rm -f "$json"' EXIT
program=$1
shift
table=$("$program" --benchmark_repetitions=2 --benchmark_min_time=0.0001 \
  --benchmark_out="$json" --benchmark_out_format=json \
  --benchmark_filter='/1024(/|$)|^(scratch|thrash)/') || status=1
echo "$table"
expect() {
  echo "$table" | grep -qE "^$1 +$2 +[0-9.]+ (ms|us|ns) " && return
  echo "FAILED: no row $1/$2"
  status=1
}
ours='PoolResource PoolAllocator'
resources="new_delete new_delete_resource std_unsynchronized std_synchronized boost_unsynchronized boost_synchronized"
for workload in pair burst; do
  for system in $ours $resources std_monotonic boost_pool "$@"; do expect $workload "$system/1024"; done
done
expect pair virtual_calls/1024
expect pair PoolResource_used_up/1024
for system in queue_alone $ours new_delete std_synchronized boost_synchronized; do
  expect remote "$system/1024"
done
for system in $ours new_delete std_synchronized boost_synchronized; do
  for threads in 1 2 4 8; do expect threads "$system/1024/threads:$threads"; done
done
for workload in vector_growth boost_vector_growth string_churn map_churn list_churn; do
  for system in $ours $resources; do expect $workload "$system/1024"; done
done
for system in $ours new_delete std_synchronized boost_synchronized; do
  expect latency "$system/1024"
  grep -A 60 "\"name\": \"latency/$system/1024/" "$json" | grep -q '"p9999_ns": [0-9]' ||
    { echo "FAILED: no p99.99 of latency/$system/1024"; status=1; }
  for workload in scratch thrash; do expect $workload "$system/8"; done
done
expect scratch own_lines/8
# 6 of pair, 6 of burst, 3 of remote, 2 of threads, 25 of containers.
verdicts=$(echo "$table" | grep -cE ' (met|MISSED)$' || true)
[ "$verdicts" = 42 ] || { echo "FAILED: $verdicts verdicts instead of 42"; status=1; }
exit $status
