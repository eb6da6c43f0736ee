#!/usr/bin/env bash
# Runs the unit tests under Valgrind's memcheck, without suppressions, in a build of build/memcheck that tells
# memcheck which bytes are whose. An error, or a block that is definitely lost, fails the test that has it.
#   tests/memcheck.sh [--clang] [NAME]...     e.g. tests/memcheck.sh slot_pool slice; without a NAME: all but what is
# left out. --clang: compiled with clang, in build/memcheck-clang.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tests/install_packages.sh
. tests/usage.sh tests/memcheck.sh
[ "${1:-}" != --help ] || { usage; exit; }
build=build/memcheck
compiler=g++ package=g++
if [ "${1:-}" = --clang ]; then
  shift
  build+=-clang
  compiler=clang++ package=clang
fi
for name in "$@"; do
  [[ $name != */* && -f tests/${name}_test.cpp ]] || wrong "no test has the NAME '$name': there is no tests/${name}_test.cpp"
done
install_missing meson ninja-build $package pkg-config libgtest-dev libboost-dev libboost-container-dev valgrind

# NAME: why it is left out.
left_out=(
  'region: counts the pages that are mapped, and memcheck maps some of its own'
  'slot_pool_storage: asks the C library what the heap holds, and memcheck has a heap of its own'
  'mapping_faults: refuses mappings, and memcheck cannot do without its own'
  'address_space: limits the address space, of which memcheck needs much'
  'zero_on_release_heap: replaces operators that memcheck has replaced'
  'capacity: pools of 2^32 slots, which memcheck would mark byte by byte'
)

# NAME: why what is lost there is no error.
with_losses=(
  "fork: what the other threads' stacks pointed to is lost in a child"
)

why_of() {  # NAME ENTRY...
  printf '%s\n' "${@:2}" | sed -n "s/^$1: //p"
}

[ -f $build/build.ninja ] || CXX=$compiler meson setup --buildtype=debugoptimized -Doptimization=1 \
  "-Dcpp_args=-DBUFFERPOOL_VALGRIND -gdwarf-4" -Dbenchmarks=disabled --unity=on --unity-size=8 $build
ninja -C $build build.ninja  # so that it knows the tests of today
# NAME PROGRAM [ARGUMENT], one in a line.
all=$(meson introspect --tests $build | python3 -c '
import json, sys
for test in json.load(sys.stdin):
    if "bufferpool:unit" in test["suite"]: print(test["name"], *test["cmd"])')
names=("$@")
if [ $# -eq 0 ]; then
  for name in $(cut -d " " -f 1 <<<"$all"); do
    why=$(why_of "$name" "${left_out[@]}")
    if [ -n "$why" ]; then echo "left out: $name: $why"; else names+=("$name"); fi
  done
fi
command_of() {  # NAME
  sed -n "s/^$1 //p" <<<"$all"
}
programs=()
for name in "${names[@]}"; do
  read -r program _ <<<"$(command_of "$name")"
  [ -n "$program" ] || wrong "'$name' is none of the unit tests"
  programs+=("${program#"$PWD/$build/"}")
done
ninja -C $build "${programs[@]}"

# Death tests end in a child, which says nothing: what it holds is not lost, but in use.
memcheck=(valgrind --quiet --error-exitcode=9 --child-silent-after-fork=yes --fair-sched=yes)
finds_losses=(--leak-check=full --errors-for-leak-kinds=definite --show-leak-kinds=definite)
check() {  # NAME
  local name=$1 started=$SECONDS log=$build/memcheck-$1.log command options=("${finds_losses[@]}")
  read -ra command <<<"$(command_of "$name")"
  [ -z "$(why_of "$name" "${with_losses[@]}")" ] || options=(--leak-check=no)
  if BUFFERPOOL_SEED=${BUFFERPOOL_SEED:-1} \
    "${memcheck[@]}" "${options[@]}" "${command[@]}" >"$log" 2>&1; then
    echo "ok: $name ($((SECONDS - started)) s)"
  else
    echo "FAILED: $name; the end of $log:
$(tail -n 40 "$log")"
    return 1
  fi
}

failed=0
running=0
wait_for_one() {
  wait -n || failed=$((failed + 1))
  running=$((running - 1))
}
for name in "${names[@]}"; do
  [ $running -lt "$(nproc)" ] || wait_for_one
  check "$name" &
  running=$((running + 1))
done
while [ $running -gt 0 ]; do wait_for_one; done
echo "memcheck: ${#names[@]} of $(wc -l <<<"$all") test programs ran, $failed failed, $SECONDS s"
[ ${#names[@]} -gt 0 ] && [ $failed -eq 0 ]
