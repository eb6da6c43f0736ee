#!/usr/bin/env bash
# Installs what is missing, builds the proxy into build/examples, and runs it.
#   examples/run.sh [option of the proxy]...     e.g. examples/run.sh --seconds 10, or --help
set -euo pipefail
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$checkout/build/examples
. "$checkout/tests/install_packages.sh"

install_missing meson ninja-build g++ pkg-config libboost-dev

# What a step says is of interest only if it fails.
quietly() {
  local said
  said=$("$@" 2>&1) || {
    printf '%s\nfailed: %s\n' "$said" "$*" >&2
    exit 1
  }
}

[ -f "$build/build.ninja" ] || {
  echo 'Building the proxy, once: about a minute'
  quietly meson setup --buildtype=release -Dexamples=enabled -Dtests=disabled \
    -Dbenchmarks=disabled -Dfuzz=disabled "$build" "$checkout"
}
quietly ninja -C "$build" examples/proxy/proxy
exec "$build/examples/proxy/proxy" "$@"
