#!/usr/bin/env bash
# Builds and tests with gcc and clang: unoptimised, as a release, hardened, and under the sanitizers, without
# suppressions. Goes on where one fails; a table at the end.
#   tests/matrix.sh [NAME]... [-- ARGUMENT OF `meson test`...]     e.g. tests/matrix.sh gcc-address -- --suite misuse
# NAME: gcc or clang, and one of
#   debug     unoptimised; the library, tests and examples file by file
#   release   optimised, without assertions, as a shared library; with the benchmarks
#   address   AddressSanitizer and UBSan
#   hardened  the same, of the hardened build
#   thread    ThreadSanitizer; without ARGUMENTS the suites threads, stress, fuzz and examples, where there are threads
# Without a NAME: all ten, an hour on two cores. For memcheck: tests/memcheck.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tests/install_packages.sh
. tests/same_addresses.sh
. tests/usage.sh tests/matrix.sh

names=()
while [ $# -gt 0 ]; do
  case $1 in
    --help) usage; exit ;;
    --) shift; break ;;
    gcc-debug | gcc-release | gcc-address | gcc-hardened | gcc-thread) names+=("$1") ;;
    clang-debug | clang-release | clang-address | clang-hardened | clang-thread) names+=("$1") ;;
    *) wrong "not a NAME: '$1'" ;;
  esac
  shift
done
[ ${#names[@]} -gt 0 ] || names=({gcc,clang}-{debug,release,address,hardened,thread})
packages=(meson ninja-build g++ pkg-config libgtest-dev libbenchmark-dev libboost-dev libboost-container-dev valgrind)
[[ " ${names[*]}" != *' clang-'* ]] || packages+=(clang libclang-rt-dev)
install_missing "${packages[@]}"

together=(--unity=on --unity-size=8)  # eight files at a time: half the time
without_extras=(-Dbenchmarks=disabled -Dfuzz=disabled)
sanitizer=("${together[@]}" "${without_extras[@]}" -Doptimization=1 -Db_lundef=false)
address=("${sanitizer[@]}" -Db_sanitize=address,undefined "-Dcpp_args=-g1 -fno-sanitize-recover=all")

# build_and_test NAME ARGUMENT...
build_and_test() {
  local build=build/$1 compiler thread_args options arguments=("${@:2}")
  local run=(meson test -C "$build" --print-errorlogs)
  case $1 in
    gcc-*) compiler=g++ thread_args='-g1 -Wno-tsan' ;;  # gcc warns that ThreadSanitizer knows no fences, as in Asio
    clang-*) compiler=clang++ thread_args=-g1 ;;
  esac
  case $1 in
    *-debug) options=("${without_extras[@]}" -Doptimization=0 -Ddebug=false) ;;
    *-release) options=("${together[@]}" -Doptimization=3 -Ddebug=false -Db_ndebug=true -Ddefault_library=shared) ;;
    *-address) options=("${address[@]}") ;;
    *-hardened) options=("${address[@]}" -Dhardened=enabled -Dexamples=disabled) ;;
    *-thread)
      options=("${sanitizer[@]}" -Db_sanitize=thread "-Dcpp_args=$thread_args")
      [ ${#arguments[@]} -gt 0 ] || arguments=(--suite threads --suite stress --suite fuzz --suite examples)
      run=("${same_addresses[@]}" "${run[@]}")
      ;;
  esac
  case $1 in
    *-address | *-hardened | *-thread) run+=(--timeout-multiplier 4) ;;
  esac
  rm -f "$build"/meson-logs/testlog.* "$build"/*.xml  # of earlier runs
  [ -f "$build/build.ninja" ] ||
    CXX=$compiler meson setup "$build" -Dwerror=true --buildtype=debugoptimized "${options[@]}" || return
  # Else what the tests of the suites need.
  [[ " ${arguments[*]} " == *' --suite '* ]] || ninja -C "$build" || return
  "${run[@]}" "${arguments[@]}"
}

trap 'exit 130' INT
table=()
failed=0
for name in "${names[@]}"; do
  printf '\n--- %s, %d of %d, after %d s\n' "$name" $((${#table[@]} + 1)) ${#names[@]} $SECONDS
  started=$SECONDS
  status=ok
  build_and_test "$name" "$@" || status=FAILED
  counts='no test ran'
  if [ -f "build/$name/meson-logs/testlog.json" ]; then
    counts=$(python3 tests/count_tests.py "build/$name") || status=FAILED
    counts=${counts##*$'\n'}
  else
    status=FAILED
  fi
  [ $status = ok ] || failed=1
  table+=("$(printf '%-15s %-6s %5d s  %s' "$name" $status $((SECONDS - started)) "$counts")")
done
echo
printf '%s\n' "${table[@]}"
exit $failed
