#!/usr/bin/env python3
"""Counts the instructions of each operation with callgrind and fails when one takes more than it did.

    count_instructions.py PROBE [--limits FILE] [--json FILE] [--update]

PROBE is instruction_probe. A figure is a mean over many calls, of the function that does the operation
and all that it calls: its return counts, the instruction that calls it does not. More is: by 10 % and by
half an instruction. Exits with 77, which is "skipped", where there is nothing to count or compare with.

The figures show that an operation became longer, not slower: a locked instruction counts as any other.
"""
import argparse
import json
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

MOST_GROWTH = 1.10
IGNORED_GROWTH = 0.5  # instructions
SKIPPED = 77


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def fail(problems):
    for problem in problems:
        print(f"FAILED: {problem}")
    sys.exit(1)


def run(command):
    """What the command prints."""
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode != 0:
        print(ended.stdout + ended.stderr)
        fail([f"{command[0]} ended with {ended.returncode}"])
    return ended.stdout


def profile(probe):
    """What the probe prints under callgrind, and what callgrind writes."""
    valgrind = shutil.which("valgrind") or skip("valgrind is not installed")
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder, "callgrind.out")
        command = [valgrind, "--tool=callgrind", f"--callgrind-out-file={out}"]
        command += ["--zero-before=measured_rounds", "--dump-line=no"]
        command += ["--compress-strings=no", "--compress-pos=no"]
        return run([*command, probe]).splitlines(), out.read_text()


def calls_and_instructions(listing):
    """By function: how often it was called, and the instructions from there to its return.

    cfn=FUNCTION            the function that is called
    calls=CALLS POSITION
    POSITION INSTRUCTIONS   of all these calls
    """
    found = {}
    call = r"^cfn=(.*)\ncalls=(\d+) .*\n\S+ (\d+)$"
    for function, calls, instructions in re.findall(call, listing, re.MULTILINE):
        before = found.get(function, (0, 0))
        found[function] = (before[0] + int(calls), before[1] + int(instructions))
    return found


def instructions_by_operation(lines, listing):
    seen = calls_and_instructions(listing)
    counts = {}
    for operation, calls, operations_a_call in (line.split() for line in lines):
        calls_seen, instructions = seen.get(f"probe_{operation}", (0, 0))
        if calls_seen != int(calls):
            fail([f"{calls} calls of probe_{operation}, callgrind saw {calls_seen}"])
        counts[operation] = round(instructions / calls_seen / int(operations_a_call), 2)
    return counts


def limit_of(before):
    return max(before * MOST_GROWTH, before + IGNORED_GROWTH)


def print_table(built_by, counts, before):
    print(f"{built_by:<24}{'instructions':>13}{'before':>10}{'growth':>10}{'limit':>10}")
    for operation, now in counts.items():
        old = before.get(operation)
        row = f"{operation:<24}{now:>13.2f}"
        if old:
            row += f"{old:>10.2f}{(now / old - 1) * 100:>+8.1f} %{limit_of(old):>10.2f}"
        print(row)


def problems(counts, before):
    for operation in counts.keys() ^ before.keys():
        yield f"{operation} is only in one of the probe and the recorded counts; --update records it"
    for operation in counts.keys() & before.keys():
        if counts[operation] > limit_of(before[operation]):
            yield f"{operation} takes {counts[operation]} instructions, it took {before[operation]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("probe")
    parser.add_argument(
        "--limits", type=pathlib.Path, default=pathlib.Path(__file__).with_name("instruction_counts.json")
    )
    parser.add_argument("--json", type=pathlib.Path, help="write the counts there")
    parser.add_argument("--update", action="store_true", help="the counts are the limits from now on")
    arguments = parser.parse_args()

    (compiler, *operations), listing = profile(arguments.probe)
    built_by = f"{compiler} {platform.machine()}"
    counts = instructions_by_operation(operations, listing)
    recorded = json.loads(arguments.limits.read_text()) if arguments.limits.exists() else {}
    before = recorded.get(built_by, {})
    print_table(built_by, counts, before)

    if arguments.json:
        arguments.json.write_text(json.dumps({built_by: counts}, indent=2) + "\n")
    if arguments.update:
        recorded[built_by] = counts
        arguments.limits.write_text(json.dumps(recorded, indent=2) + "\n")
        return
    if not before:
        skip(f"{arguments.limits.name} has no counts of {built_by}; --update records them")
    found = sorted(problems(counts, before))
    if found:
        fail(found)
    print("no operation takes noticeably more instructions than it did")


main()
