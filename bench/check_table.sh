#!/bin/sh
# Runs seed_bench for a moment and looks whether the table has every row. No timing is judged.
# usage: check_table.sh SEED_BENCH
set -eu
status=0
table=$("$1" --benchmark_repetitions=2 --benchmark_min_time=0.001) || status=1
echo "$table"
expect() {
  echo "$table" | grep -qE "^$1 +$2 +[0-9.]+ (ms|us|ns) .* [0-9.]+( |\$)" && return
  echo "FAILED: no row $1/$2"
  status=1
}
for workload in single multi multi_wait handoff; do
  for system in BufferPool SystemBuffer PPool MaxEfficiency; do expect "$workload" "$system"; done
done
expect single_appender BufferPool
for workload in scale_allocate scale_burst scale_buffer; do
  for slots in 8 64 512 4096 32768 1048576; do expect "$workload" "$slots"; done
done
exit $status
