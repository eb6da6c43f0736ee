#!/bin/sh
# Runs a part of dpdk_bench for a moment and looks whether the table has every row. No timing is
# judged. Skips where DPDK does not start.
# usage: check_dpdk_table.sh DPDK_BENCH
set -eu
status=0
table=$("$1" --benchmark_repetitions=2 --benchmark_min_time=0.0001 \
  --benchmark_filter='/1024(/|$)') || status=$?
[ $status -ne 77 ] || exit 77
echo "$table"
expect() {
  echo "$table" | grep -qE "^$1 +$2 +[0-9.]+ (ms|us|ns) .* [0-9.]+\$" && return
  echo "FAILED: no row $1/$2"
  status=1
}
for system in PoolResource dpdk_mempool; do
  for workload in pair burst remote; do expect $workload "$system/1024"; done
  for threads in 1 2 4 8; do expect threads "$system/1024/threads:$threads"; done
done
exit $status
