#!/usr/bin/env bash
# Installs what is missing, builds into build/tests, and runs every test.
#   tests/run.sh [--ci] [argument of `meson test`]...     e.g. tests/run.sh --suite unit
# --ci: also the packages of .ci/run's other gates, and warnings are errors.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tests/install_packages.sh

build=build/tests
packages=(meson ninja-build g++ pkg-config libgtest-dev libbenchmark-dev libboost-dev libboost-container-dev)
# With debug information compiling takes half as long again, and file by file twice as long.
options=(--buildtype=debugoptimized -Ddebug=false --unity=on --unity-size=8)
if [ "${1:-}" = --ci ]; then
  shift
  packages+=(git clang libclang-rt-dev clang-format valgrind redis-server redis-tools)
  build=build/ci-gcc
  options+=(-Dwerror=true)
fi
install_missing "${packages[@]}"

[ -f $build/build.ninja ] || meson setup "${options[@]}" $build
ninja -C $build
rm -f $build/meson-logs/testlog.* $build/*.xml  # of earlier runs
status=0
meson test -C $build --no-rebuild --print-errorlogs "$@" || status=$?
[ -f $build/meson-logs/testlog.json ] || { echo 'no test ran'; exit 1; }
echo
python3 tests/count_tests.py $build || exit 1
exit $status
