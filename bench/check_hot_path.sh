#!/bin/sh
# Disassembles the hot path (hot_path_probe.cpp) and fails if `fill` takes a bus lock, or leaves to
# anything but the cold functions that grow. Prints what each operation is made of.
# usage: check_hot_path.sh OBJECT-OR-ARCHIVE [REGEX-OF-COLD-FUNCTIONS]
set -eu
object=$1
cold=${2:-::(grow|fail)[(]}

skip() { echo "skipped: $1"; exit 77; }
[ "$(uname -m)" = x86_64 ] || skip "the check knows x86-64 only, this is $(uname -m)"
command -v objdump >/dev/null || skip "objdump (package binutils) is not installed"
listing=$(objdump -dr --no-show-raw-insn -C "$object")
case $listing in
  *__asan_*|*__tsan_*|*__ubsan_*|*__sanitizer_cov*) skip "a sanitizer instruments the probe" ;;
esac

# The lines of one function and of its cold half, if the compiler split it off.
body() {
  echo "$listing" | awk -v name="$1" '
    $2 == "<" name ">:" || index($0, "<" name ".cold>:") || index($0, "<" name " [clone .cold]>:") {
      on = 1; next
    }
    NF == 0 { on = 0 }
    on'
}
instructions() { body "$1" | grep -cE '^ *[0-9a-f]+:[[:space:]]+[a-z]' || true; }
# Instructions with the lock prefix, and exchanges with memory, which lock without saying so.
locked() { body "$1" | grep -E '[[:space:]](lock |xchg .*\()' || true; }
# Where control may go from here: other functions, by call or tail call, and pointers to functions.
exits() {
  body "$1" | sed -nE 's/.*R_X86_64_PLT32[[:space:]]+(.*)-0x4$/\1/p' | sort -u
  body "$1" | grep -oE '(call|jmp) +\*.*' || true
  body "$1" | grep -oE 'call +[0-9a-f]+ <[^+>]*>' || true
}

status=0
for name in probe_fill probe_freeze probe_drop probe_allocate probe_deallocate; do
  [ -n "$(body $name)" ] || { echo "FAILED: no code for $name (built with LTO?)"; exit 1; }
  printf '%-16s %3d instructions, %d locked; may leave to: %s\n' "$name" "$(instructions $name)" \
    "$(locked $name | grep -c . || true)" "$(exits $name | paste -sd ' ')"
done

found=$(locked probe_fill)
[ -z "$found" ] || { echo "FAILED: fill locks the bus:"; echo "$found"; status=1; }
found=$(exits probe_fill | sed -E "/$cold/d")
[ -z "$found" ] || { echo "FAILED: fill leaves to what is not cold:"; echo "$found"; status=1; }
[ "$status" = 1 ] || echo "fill: no locked instruction, no call but to the cold path"
exit $status
