#!/usr/bin/env python3
"""Runs the benchmarks of two builds by turns and prints the second one's times as multiples of the first one's.

    compare_builds.py BUILD OTHER_BUILD [--rounds N]

A ratio is the median over the rounds; the spread is the distance of the quartiles, in percent of it.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

# What a user of the library calls, without the systems that it is compared with.
PROGRAMS = {
    "seed_bench": "^(single/BufferPool|single_appender/BufferPool|handoff/BufferPool)$",
    "resource_bench": "^(pair|burst)/PoolResource/(64|1024|16384|65536)$"
    "|^(map_churn|string_churn)/PoolResource/64$",
}


def times(build, program):
    """Median nanoseconds of each row of one run."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        subprocess.run(
            [
                pathlib.Path(build) / "bench" / program,
                f"--benchmark_filter={PROGRAMS[program]}",
                "--benchmark_repetitions=5",
                "--benchmark_min_time=0.02",
                f"--benchmark_out={out.name}",
                "--benchmark_out_format=json",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        rows = json.load(open(out.name))["benchmarks"]
    unit = {"ns": 1, "us": 1e3, "ms": 1e6}
    found = {}
    for row in rows:
        if row["run_type"] != "iteration":
            continue
        clock = "real_time" if "handoff" in row["name"] else "cpu_time"
        name = row["name"].removesuffix("/real_time")
        found.setdefault(name, []).append(row[clock] * unit[row["time_unit"]])
    return {name: statistics.median(values) for name, values in found.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("other")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    ratios = {}
    started = time.monotonic()
    for done in range(arguments.rounds):
        for program in PROGRAMS:
            usual = times(arguments.build, program)
            other = times(arguments.other, program)
            for name in usual:
                ratios.setdefault(name, []).append((other[name] / usual[name], usual[name], other[name]))
        left = (time.monotonic() - started) / (done + 1) * (arguments.rounds - done - 1)
        print(f"round {done + 1} of {arguments.rounds}, about {left:.0f} s left", file=sys.stderr)
    print(f"{'row':<32}{'usual, ns':>14}{'other, ns':>14}{'ratio':>8}{'spread':>9}")
    for name, rounds in ratios.items():
        found = sorted(ratio for ratio, _, _ in rounds)
        quartiles = statistics.quantiles(found, n=4) if len(found) > 1 else [found[0]] * 3
        ratio = statistics.median(found)
        usual = statistics.median(one for _, one, _ in rounds)
        other = statistics.median(one for _, _, one in rounds)
        spread = 100 * (quartiles[2] - quartiles[0]) / ratio
        print(f"{name:<32}{usual:>14.1f}{other:>14.1f}{ratio:>8.2f}{spread:>7.1f} %")


main()
