#!/usr/bin/env python3
"""Checks that Valgrind's memcheck reports what a holder does outside of what it holds, where it does it.

    check_memcheck.py VALGRIND PROGRAM

PROGRAM is memory_faults, built with BUFFERPOOL_VALGRIND: it commits one fault after the other.
"""
import re
import subprocess
import sys

ERRORS_FOUND = 9


def is_reported(fault, said):
    # The first frame of the first report is where the read or write is.
    place = re.search(r"Invalid (?:read|write) of size 1\n==\d+==\s+at 0x\w+: (.*)", said)
    if f"status {ERRORS_FOUND}\n" in said and place and fault in place[1] and "memory_faults.hpp" in place[1]:
        print(f"reported: {place[1]}")
        return True
    print(f"NOT REPORTED: {said}")
    return False


def main():
    valgrind, program = sys.argv[1:]
    command = [valgrind, "--quiet", f"--error-exitcode={ERRORS_FOUND}", program]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    faults = re.split(r"^fault (?=\w+ of)", run.stdout, flags=re.MULTILINE)[1:]
    reported = [is_reported(fault.split()[0], fault) for fault in faults]
    print(f"{sum(reported)} of {len(reported)} faults are reported")
    if run.returncode != 0:
        sys.exit(f"ended with status {run.returncode}: {run.stdout}")
    sys.exit(not reported or not all(reported))


main()
