#!/usr/bin/env bash
# Side by side: every allocator that a user would pick instead. Installs what is missing, builds into build/bench,
# runs all by turns, and writes tables and plots into bench/results (a part of it: into build/bench/results).
#   bench/run.sh [--quick] [--rounds N] [--only REGEX] [--no-install] [--output DIR]
# --quick: fewer sizes and rounds, under three minutes with the build instead of a quarter of an hour. --rounds: 15
# unless told, 3 with --quick. --only: the rows that match, e.g. '^pair/.*/64$'.
# Who is compared with and is not installed is left out, and named.
set -euo pipefail
caller=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tests/install_packages.sh
. tests/usage.sh bench/run.sh

may_install=yes
arguments=()
while [ $# -gt 0 ]; do
  case $1 in
    --help) usage; exit ;;
    --quick) arguments+=("$1") ;;
    --no-install) may_install=no ;;
    --rounds | --only | --output)
      [ $# -ge 2 ] || wrong "$1: a value is missing"
      case $1 in
        --rounds) [[ $2 =~ ^[1-9][0-9]{0,2}$ ]] || wrong "--rounds: 1 to 999, not '$2'" ;;
        --output) [[ $2 == /* ]] || set -- "$1" "$caller/$2" "${@:3}" ;;
      esac
      arguments+=("$1=$2")
      shift
      ;;
    *) wrong "not an option: '$1'" ;;
  esac
  shift
done
! command -v python3 >/dev/null || python3 bench/side_by_side --check "${arguments[@]}"

required=(meson ninja-build g++ pkg-config libbenchmark-dev libboost-dev libboost-container-dev python3-matplotlib)
compared_with=(libjemalloc2 libmimalloc2.0 libtcmalloc-minimal4 libtbb-dev cmake libfoonathan-memory-dev libdpdk-dev
  valgrind)
if [ $may_install = yes ]; then
  install_missing "${required[@]}"
  install_missing "${compared_with[@]}" || echo 'Going on without them.' >&2
else
  missing=$(missing_of "${required[@]}")
  [ -z "$missing" ] || { echo "Missing, and not installed with --no-install: $missing" >&2; exit 1; }
fi

# What a step says is of interest only if it fails.
quietly() {
  local said
  said=$("$@" 2>&1) || {
    printf '%s\nfailed: %s\n' "$said" "$*" >&2
    exit 1
  }
}

# Configured from nothing where other packages are there than last time: meson remembers what it did not find.
build=build/bench
packages_then=$build/packages_not_found
packages_now=$(missing_of "${compared_with[@]}")
echo "Building the benchmarks in $build: a minute or two, where it was not done before" >&2
options=(--buildtype=release -Dbenchmarks=enabled -Dtests=disabled -Dexamples=disabled -Dfuzz=disabled)
if [ ! -f $packages_then ] || [ "$(cat $packages_then)" != "$packages_now" ]; then
  if [ -f $build/build.ninja ]; then
    options+=(--wipe)
  else
    rm -rf $build/meson-*  # of a setup that did not end, which meson would not go on with
  fi
  quietly meson setup "${options[@]}" $build
  echo "$packages_now" >$packages_then
fi
mapfile -t programs < <(ninja -C $build -t targets all |
  sed -n 's/^\(bench\/[a-z]*_bench\|bench\/instruction_probe\): .*/\1/p')
quietly ninja -C $build "${programs[@]}"

for python in python3 /usr/bin/python3; do
  ! "$python" -c 'import matplotlib' 2>/dev/null || break
done
exec "$python" bench/side_by_side --build=$build "${arguments[@]}"
