#!/usr/bin/env bash
# Installs a build into an empty directory; a user finds every header there, and compiles, links and
# runs a program with nothing but what pkg-config says. One that is not built like the library does not link.
#   check_install.sh SOURCE_ROOT BUILD_ROOT      the compiler is $CXX
set -euo pipefail
source_root=$1 build_root=$2
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

meson install -C "$build_root" --no-rebuild --quiet --destdir "$stage"

installed=$(find "$stage" -path '*/include/bufferpool' -type d)
diff <(cd "$source_root/include/bufferpool" && ls -- *.hpp) <(cd "$installed" && ls)

pc=$(find "$stage" -name bufferpool.pc)
export PKG_CONFIG_SYSROOT_DIR=$stage PKG_CONFIG_PATH=${pc%/*} PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
libraries=$(pkg-config --variable=libdir bufferpool)
read -ra flags <<<"$(pkg-config --cflags --libs bufferpool)"
read -ra compiler <<<"$CXX"
cd "$stage"
"${compiler[@]}" -std=c++20 "$source_root/tests/consumer/consumer.cpp" -o consumer "${flags[@]}"
LD_LIBRARY_PATH=$libraries:$stage$libraries ./consumer

case "${flags[*]}" in
  *-DBUFFERPOOL_HARDENED*) unlike=-UBUFFERPOOL_HARDENED ;;
  *) unlike=-DBUFFERPOOL_HARDENED=1 ;;
esac
if said=$("${compiler[@]}" -std=c++20 "$source_root/tests/consumer/consumer.cpp" -o unlike "${flags[@]}" $unlike 2>&1); then
  echo "a program with $unlike links to this library"
  exit 1
fi
grep -q the_library_must_be_built <<<"$said" || { echo "$said"; exit 1; }
