#!/bin/sh
# Runs the rows of a benchmark that match, once each, and looks whether so many come with a time and
# none with an error. No timing is judged.
# usage: check_rows.sh PROGRAM REGEX ROWS
set -eu
status=0
table=$("$1" --benchmark_repetitions=1 --benchmark_min_time=0.0001 --benchmark_filter="$2") || status=1
echo "$table"
rows=$(echo "$table" | grep -cE '^[a-z_]+ +[^ ]+ +[0-9.]+ (ms|us|ns) ' || true)
[ "$rows" = "$3" ] || { echo "FAILED: $rows rows instead of $3"; status=1; }
exit $status
