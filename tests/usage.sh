# Sourced by the scripts at the root of the checkout, with their own path: what --help prints, and wrong arguments.
# shellcheck shell=bash
script=$1

# What stands at the script's head.
usage() {
  sed -n '2,/^set/ s/^# /  /p' "$script"
}

# wrong WHAT: says so, and how it is used; nothing was done yet.
wrong() {
  printf '%s\n' "$1" >&2
  usage >&2
  exit 2
}
