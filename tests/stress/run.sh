#!/usr/bin/env bash
# Builds the stress program into build/stress and runs it.
#   tests/stress/run.sh [--sanitizer thread|address] [--threads N] [--operations N] [--seed N]
# --sanitizer: with clang, into build/stress-thread or build/stress-address. On the way: how much is done, and an
# estimate of the time left. Exits with 1 if a stamp was wrong or anything was not given back.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/install_packages.sh

build=build/stress
options=(--buildtype=release)
packages=(meson ninja-build g++ pkg-config libgtest-dev)
same_addresses=()
if [ "${1:-}" = --sanitizer ]; then
  [[ ${2:-} = thread || ${2:-} = address ]] || { sed -n '3,5s/^# //p' "$0" >&2; exit 2; }
  build+=-$2
  options=(--buildtype=debugoptimized -Doptimization=1 "-Db_sanitize=$2" -Db_lundef=false)
  packages+=(clang libclang-rt-dev)
  export CXX=clang++
  # ThreadSanitizer's runtime does not know every layout that address randomisation makes.
  ! setarch -R true 2>/dev/null || same_addresses=(setarch -R)
  shift 2
fi
install_missing "${packages[@]}"

[ -f $build/build.ninja ] ||
  meson setup "${options[@]}" -Dexamples=disabled -Dbenchmarks=disabled $build
ninja -C $build tests/stress/stress
exec "${same_addresses[@]}" $build/tests/stress/stress "$@"
