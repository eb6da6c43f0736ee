#!/usr/bin/env bash
# Builds a target of libFuzzer with clang, AddressSanitizer and UBSan, into build/fuzz, and runs it.
#   fuzz/run.sh TARGET SECONDS [OPTION OF LIBFUZZER]...      e.g. fuzz/run.sh resource 1800
#   fuzz/run.sh TARGET FILE...                               gives it these inputs, to repeat a crash
# TARGET: faster, slower, resource, proxy_decoder. What it learns stays in build/fuzz/corpus, where the next run
# goes on from; fuzz/choose_corpus.py takes what is worth keeping into fuzz/corpus.
set -euo pipefail
caller=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tests/install_packages.sh
. tests/usage.sh fuzz/run.sh

target=${1:-}
[ "$target" != --help ] || { usage; exit; }
[[ -f fuzz/$target.cpp && -d fuzz/corpus/$target ]] || wrong "not a TARGET: '$target'"
[ $# -ge 2 ] || wrong 'neither SECONDS nor a FILE is given'
shift
arguments=()
for argument; do  # a FILE may be named from where the caller stands
  [[ -f $argument || ! -f $caller/$argument ]] || argument=$caller/$argument
  arguments+=("$argument")
done
set -- "${arguments[@]}"
[[ -f $1 || $1 =~ ^[1-9][0-9]{0,6}$ ]] || wrong "neither SECONDS, from 1 to 9999999, nor a FILE: '$1'"
for argument in "${@:2}"; do
  [[ $argument == -* || (-f $1 && -f $argument) ]] || wrong "not expected behind '$1': '$argument'"
done
install_missing meson ninja-build clang libclang-rt-dev pkg-config

build=build/fuzz
[ -f $build/build.ninja ] || CXX=clang++ meson setup --buildtype=debugoptimized -Dfuzz=enabled \
  -Dtests=disabled -Dexamples=disabled -Dbenchmarks=disabled $build
ninja -C $build "fuzz/fuzz_$target"
program=$build/fuzz/fuzz_$target

if [ -f "$1" ]; then
  exec "$program" "$@"
fi
seconds=$1
shift

learnt=$build/corpus/$target
found=$build/found
log=$build/$target.log
mkdir -p "$learnt" $found
options=(-max_total_time="$seconds" -rss_limit_mb=4096 -print_final_stats=1
  "-artifact_prefix=$found/$target-")
[ "$target" != proxy_decoder ] || options+=(-dict=fuzz/resp.dict)

# The last line about coverage: executions, edges, features.
report() {
  sed -n 's/^#\([0-9]*\).* cov: \([0-9]*\) ft: \([0-9]*\) .*exec\/s: \([0-9]*\) rss: \([0-9]*Mb\).*/'\
'\1 executions (\4\/s), \2 edges and \3 features covered, \5/p' "$log" | tail -n 1
}

echo "fuzz $target for $seconds s; log in $log"
started=$SECONDS
"$program" "${options[@]}" "$@" "$learnt" "fuzz/corpus/$target" >"$log" 2>&1 &
running=$!
trap 'kill $running 2>/dev/null' EXIT
next_line=10
while kill -0 $running 2>/dev/null; do
  sleep 1
  elapsed=$((SECONDS - started))
  [ $elapsed -ge $next_line ] || continue
  echo "$elapsed s: $(report)"
  next_line=$((elapsed + 10))
done
status=0
wait $running || status=$?
trap - EXIT

edges=$(sed -n 's/.*Loaded 1 PC tables (\([0-9]*\) PCs).*/\1/p' "$log" | head -n 1)
covered=$(report)
echo "after $((SECONDS - started)) s: ${covered:-ended while the corpus was read}, of $edges edges"
[ $status -ne 0 ] || exit 0

# From the report of what was found to libFuzzer's own statistics.
sed -n '/^broken: \|^bufferpool: \|ERROR: \|runtime error: /,/^stat::/p' "$log" | head -n 60
input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
if [ -n "$input" ]; then
  echo
  echo "FOUND. To replay it:    fuzz/run.sh $target $input"
  echo "To make it smaller:     $program -minimize_crash=1 -max_total_time=60 $input"
fi
exit $status
