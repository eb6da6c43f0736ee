# Sourced by the scripts that build: install_missing PACKAGE... installs with apt-get what is not there
# yet, as root or through sudo; where neither is possible it prints the line to type and fails.
# shellcheck shell=bash

# Is what the package brings here, from wherever it came? Nothing that is here is ever replaced.
has() {
  case $1 in
    ninja-build) command -v ninja ;;
    clang) command -v clang++ ;;
    libgtest-dev) has_header gtest/gtest.h ;;
    libbenchmark-dev) has_header benchmark/benchmark.h ;;
    libboost-dev) has_header boost/asio.hpp ;;
    libboost-container-dev) has_library boost_container ;;
    libclang-rt-dev) can_sanitize clang++ ;;
    redis-tools) command -v redis-benchmark ;;
    python3-matplotlib) python3 -c 'import matplotlib' || /usr/bin/python3 -c 'import matplotlib' ;;
    libjemalloc2) can_preload libjemalloc.so.2 ;;
    libmimalloc2.0) can_preload libmimalloc.so.2 || can_preload libmimalloc.so.2.0 ;;
    libtcmalloc-minimal4) can_preload libtcmalloc_minimal.so.4 ;;
    libtbb-dev) has_header tbb/scalable_allocator.h ;;
    libfoonathan-memory-dev) has_header foonathan_memory/foonathan/memory/memory_pool.hpp ;;
    libdpdk-dev) pkg-config --exists libdpdk ;;
    *) command -v "$1" ;;
  esac
} >/dev/null 2>&1

has_header() {
  [ -e "/usr/include/$1" ] || [ -e "/usr/local/include/$1" ] ||
    echo "#include <$1>" | "${CXX:-g++}" -E -x c++ -
}

has_library() {
  can_link "${CXX:-g++}" "-l$1"
}

# The loader names what it was given and did not find; cat is as good a program as any.
can_preload() {
  [[ $(LD_PRELOAD=$1 LD_TRACE_LOADED_OBJECTS=1 "$(command -v cat)") == *"$1 => /"* ]]
}

can_sanitize() {
  can_link "$1" -fsanitize=address,undefined
}

# Not with /dev/null as output, which some linkers replace.
can_link() {
  local program compiler=$1
  shift
  program=$(mktemp) || return
  echo 'int main() {}' | "$compiler" -x c++ - -o "$program" "$@"
  local status=$?
  rm -f "$program"
  return $status
}

# Prints those that are not there, on one line.
missing_of() {
  local package missing=()
  for package in "$@"; do
    has "$package" || missing+=("$package")
  done
  echo "${missing[*]}"
}

install_missing() {
  local missing
  read -ra missing <<<"$(missing_of "$@")"
  [ ${#missing[@]} -eq 0 ] && return

  local install=(apt-get install --yes --no-install-recommends "${missing[@]}")
  local become=()
  [ "$(id -u)" -eq 0 ] || become=(sudo)
  if ! command -v apt-get >/dev/null || ! may_install "${become[@]}"; then
    echo "Missing: ${missing[*]}. As root, type this line, then run this script again:" >&2
    echo "    apt-get update && ${install[*]}" >&2
    return 1
  fi

  echo "Installing ${missing[*]}"
  # A service that comes with a package, redis-server's, is not to start.
  become+=(env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1)
  mask_service mask "${missing[*]}" "${become[@]}"
  local status=0
  if ! "${install[@]}" --simulate >/dev/null 2>&1; then  # no package list, or an old one
    "${become[@]}" apt-get update --quiet || status=$?
  fi
  "${become[@]}" "${install[@]}" --quiet ||
    { "${become[@]}" apt-get update --quiet && "${become[@]}" "${install[@]}" --quiet; } || status=$?
  mask_service unmask "${missing[*]}" "${become[@]}"
  return $status
}

# May this user become root? Asks for a password only where somebody can type one.
may_install() {
  [ $# -eq 0 ] && return
  command -v sudo >/dev/null || return
  if [ -t 0 ]; then sudo --validate; else sudo --non-interactive true 2>/dev/null; fi
}

# mask_service mask|unmask PACKAGES BECOME_ROOT...
mask_service() {
  local what=$1 packages=$2
  shift 2
  [[ $packages == *redis-server* && -d /run/systemd/system ]] || return 0
  "$@" systemctl --runtime --quiet "$what" redis-server.service
  [ "$what" = mask ] || "$@" systemctl --quiet disable redis-server.service
}
