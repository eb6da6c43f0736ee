#!/usr/bin/env bash
# Builds the interleaving checker into build/model and explores the models.
#   tests/model/run.sh [NAME]...                          the small bounds, as in `meson test --suite model`
#   tests/model/run.sh --full [--seconds N] [NAME]...     the large ones, at most N seconds a model
# NAME: only models that begin with it. On the way: how much is done, and an estimate of the time left for all of them.
# Before them the litmus tests and the museum. What else it takes: build/model/tests/model/model help
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/install_packages.sh
install_missing meson ninja-build g++ pkg-config libgtest-dev

[ -f build/model/build.ninja ] || meson setup build/model --buildtype=release
ninja -C build/model tests/model/model
build/model/tests/model/model all --progress "$@"
