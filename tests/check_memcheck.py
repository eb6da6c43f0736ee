#!/usr/bin/env python3
"""Checks that Valgrind's memcheck reports what a holder does outside of what it holds, where it does it.

    check_memcheck.py VALGRIND PROGRAM

PROGRAM is memory_faults, built with BUFFERPOOL_VALGRIND: it commits the fault that it is told to.
"""
import re
import subprocess
import sys

ERRORS_FOUND = 9


def is_reported(command, fault, slots):
    run = subprocess.run(
        [*command, fault, slots], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    # The first frame of the first report is where the read or write is.
    place = re.search(r"Invalid (?:read|write) of size 1\n==\d+==\s+at 0x\w+: (.*)", run.stdout)
    if run.returncode == ERRORS_FOUND and place and fault in place[1] and "memory_faults.hpp" in place[1]:
        print(f"reported: {place[1]}")
        return True
    print(f"NOT REPORTED: {fault} of {slots} slots\n{run.stdout}")
    return False


def main():
    valgrind, program = sys.argv[1:]
    command = [valgrind, "--quiet", f"--error-exitcode={ERRORS_FOUND}", program]
    faults = subprocess.run([program, "--list"], capture_output=True, text=True, check=True)
    names = faults.stdout.split()
    # Below 64 slots there are no magazines.
    reported = [is_reported(command, name, slots) for name in names for slots in ("8", "1024")]
    print(f"{sum(reported)} of {len(reported)} faults are reported")
    sys.exit(not reported or not all(reported))


main()
