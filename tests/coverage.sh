#!/usr/bin/env bash
# Which lines and branches of include/ and src/ the tests run through: builds with gcc --coverage into
# build/coverage, runs the suites unit, stress and fuzz (the corpora), prints both shares and what is not covered,
# and fails below 95 % of lines or 85 % of branches.
#   tests/coverage.sh [OPTION OF gcovr]...     e.g. tests/coverage.sh --html-details build/coverage/report.html
# Not counted: the branch to the exception path that the compiler makes behind every call, and branches in
# code that cannot be reached (gcovr's --exclude-throw-branches and --exclude-unreachable-branches).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tests/install_packages.sh
. tests/usage.sh tests/coverage.sh
[ "${1:-}" != --help ] || { usage; exit; }
[[ ${1:--} == -* ]] || wrong "not an option: '$1'"
install_missing meson ninja-build g++ pkg-config libgtest-dev libboost-dev libboost-container-dev gcovr

build=build/coverage
least_lines=95
least_branches=85
unread=$build/unread.txt  # not /dev/null, which gcovr would delete, for root
# With nothing to report, gcovr fails only for its options.
mkdir -p $build/nothing
said=$(gcovr --root . $build/nothing --output $unread "$@" --fail-under-line 0 --fail-under-branch 0 2>&1) ||
  wrong "${said##*$'\n'}"

# Counters that threads share are to be exact, and a branch is one branch, wherever a function is inlined.
# What is not looked at is not counted either, as the tests' own loops over bytes would take an hour.
[ -f $build/build.ninja ] || CXX=g++ meson setup --buildtype=debug -Doptimization=g -Db_coverage=true \
  "-Dcpp_args=-fprofile-update=atomic -fno-inline -fprofile-filter-files=(include/bufferpool|src)/" \
  -Dbenchmarks=disabled $build
[ ! -d $build/tests ] || find $build -name '*.gcda' -delete  # of earlier runs
rm -f $build/meson-logs/testlog.*
meson test -C $build --print-errorlogs --timeout-multiplier 10 \
  --suite unit --suite stress --suite fuzz
[ -f $build/meson-logs/testlog.json ] || { echo 'no test ran'; exit 1; }

# Without the builds of the same sources for other purposes, whose lines are not the same.
trace=$build/coverage.json
gcovr --root . --filter include/ --filter src/ --gcov-ignore-parse-errors \
  --exclude-directories '.*(no_exceptions|valgrind|model|memory_faults\.p).*' \
  --exclude-throw-branches --exclude-unreachable-branches --json $trace $build

report() {
  gcovr --root . --add-tracefile $trace "$@"
}
printf '\nLines that no test runs through\n'
report --txt
printf '\nLines with a branch that no test takes\n'
report --txt --branches
for folder in include src; do
  printf '\n%s/\n' $folder
  report --filter $folder/ --print-summary --output $unread
done
status=0
report --fail-under-line $least_lines --fail-under-branch $least_branches --output $unread "$@" || status=$?
case $status in
  0) printf '\nat least %s %% of lines and %s %% of branches are covered\n' $least_lines $least_branches ;;
  2 | 4 | 6) echo "FAILED: less than $least_lines % of lines or $least_branches % of branches"; exit 1 ;;
  *) echo "FAILED: gcovr ends with status $status"; exit 1 ;;
esac
