#!/usr/bin/env bash
# What a hardened build costs: builds the benchmarks twice, into build/bench and build/bench-hardened, runs both by
# turns, and prints for each row the hardened time as a multiple of the usual one. About two minutes.
#   bench/hardened_cost.sh [--rounds N]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tests/install_packages.sh
install_missing meson ninja-build g++ pkg-config libbenchmark-dev libboost-dev libboost-container-dev

for hardened in disabled enabled; do
  build=build/bench
  [ $hardened = disabled ] || build+=-hardened
  [ -f $build/build.ninja ] || meson setup $build --buildtype=release -Dhardened=$hardened \
    -Dbenchmarks=enabled -Dtests=disabled -Dexamples=disabled -Dfuzz=disabled
  ninja -C $build bench/seed_bench bench/resource_bench
done
exec python3 bench/compare_builds.py build/bench build/bench-hardened "$@"
