#!/usr/bin/env bash
# Builds the stress program into build/stress and runs it.
#   tests/stress/run.sh [--sanitizer thread|address] [--threads 1..1000] [--operations N] [--seed N]
# --sanitizer: with clang, into build/stress-thread or build/stress-address. On the way: how much is done, and an
# estimate of the time left. Exits with 1 if a stamp was wrong or anything was not given back.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/install_packages.sh
. tests/usage.sh tests/stress/run.sh

sanitizer=''
arguments=()
while [ $# -gt 0 ]; do
  case $1 in
    --help) usage; exit ;;
    --sanitizer) values='thread|address' ;;
    --threads) values='[1-9][0-9]{0,2}|1000' ;;
    --operations) values='[1-9][0-9]{0,18}' ;;
    --seed) values='[0-9]{1,19}' ;;
    *) wrong "not an option: '$1'" ;;
  esac
  [[ ${2:-} =~ ^($values)$ ]] || wrong "$1 cannot be '${2:-}'"
  if [ "$1" = --sanitizer ]; then sanitizer=$2; else arguments+=("$1" "$2"); fi
  shift 2
done

build=build/stress
options=(--buildtype=release)
packages=(meson ninja-build g++ pkg-config libgtest-dev)
same_addresses=()
if [ -n "$sanitizer" ]; then
  build+=-$sanitizer
  options=(--buildtype=debugoptimized -Doptimization=1 "-Db_sanitize=$sanitizer" -Db_lundef=false)
  packages+=(clang libclang-rt-dev)
  export CXX=clang++
  . tests/same_addresses.sh
fi
install_missing "${packages[@]}"

[ -f "$build/build.ninja" ] ||
  meson setup "${options[@]}" -Dexamples=disabled -Dbenchmarks=disabled "$build"
ninja -C "$build" tests/stress/stress
exec "${same_addresses[@]}" "$build/tests/stress/stress" "${arguments[@]}"
