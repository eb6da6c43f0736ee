#!/usr/bin/env bash
# Builds and runs a project that has bufferpool as a subproject; of ours it builds only the library.
#   check_subproject.sh SOURCE_ROOT      the compiler is $CXX
set -euo pipefail
source_root=$1
project=$(mktemp -d)
trap 'rm -rf "$project"' EXIT

cp "$source_root"/tests/consumer/* "$project"
mkdir "$project/subprojects"
ln -s "$source_root" "$project/subprojects/bufferpool"
cd "$project"
meson setup build --force-fallback-for=bufferpool --buildtype=plain --unity=on --unity-size=1000

targets=$(meson introspect build --targets |
  python3 -c 'import json, sys; print(*sorted(t["name"] for t in json.load(sys.stdin)))')
if [ "$targets" != "bufferpool consumer" ]; then
  echo "a subproject builds more than the library: $targets"
  exit 1
fi

ninja -C build
build/consumer
