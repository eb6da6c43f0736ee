"""Runs the programs by turns, one repetition a round, so that whatever slows the machine slows all alike."""
import json
import os
import re
import subprocess
import sys
import tempfile
import time

import plan
from rows import parse

LONGEST_S = 600  # of one process; none should come near it
NANOSECONDS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
# What Google Benchmark writes of each row; any other number is a counter of the row's own.
NOT_COUNTERS = {"family_index", "per_family_instance_index", "repetitions", "repetition_index", "threads"} | {
    "iterations",
    "real_time",
    "cpu_time",
    "items_per_second",
    "bytes_per_second",
}


def preloaded(path, library):
    """The file that is loaded into that program when the library is preloaded, or None if none is."""
    environment = os.environ | {"LD_PRELOAD": library, "LD_TRACE_LOADED_OBJECTS": "1"}
    said = subprocess.run([path], env=environment, capture_output=True, text=True).stdout
    found = re.search(rf"{re.escape(library)} => (\S+)", said)
    return os.path.basename(os.path.realpath(found.group(1))) if found else None


def available_allocators(path):
    """The name of each that can be preloaded, with what to preload, and with the file that it is."""
    libraries, files = {}, {}
    for allocator, names in plan.ALLOCATORS.items():
        for library in names:
            if file := preloaded(path, library):
                libraries[allocator], files[allocator] = library, file
                break
    return libraries, files


class Progress:
    """How far it is and how long it will take, on standard error."""

    def __init__(self, jobs, rounds):
        self.started = self.next_line = time.monotonic()
        self.terminal = sys.stderr.isatty()
        self.seconds = {}  # that each job took when it last ran
        self.left = [job for number in range(rounds) for job in jobs if number == 0 or not job.once]
        self.total = len(self.left)

    def seconds_left(self):
        known_rows = sum(len(job.rows) for job in self.seconds)
        a_row = sum(self.seconds.values()) / known_rows if known_rows else 0
        return sum(self.seconds.get(job, a_row * len(job.rows)) for job in self.left)

    def begin(self, number, rounds, job):
        now = time.monotonic()
        if not self.terminal and now < self.next_line:
            return
        self.next_line = now + 10
        left = f", about {self.seconds_left():.0f} s left" if self.seconds else ""
        text = f"{now - self.started:4.0f} s{left}  round {number + 1} of {rounds}  {job.title}"
        sys.stderr.write(f"\r\033[K{text}" if self.terminal else f"{text}\n")
        sys.stderr.flush()

    def end(self, job, seconds):
        self.seconds[job] = seconds
        self.left.remove(job)
        if self.terminal and not self.left:
            sys.stderr.write("\r\033[K")


def start(job, min_time_s, out):
    """One repetition of the job's rows, written to the file `out`. What goes wrong, or nothing."""
    command = [
        job.program,
        f"--benchmark_filter={job.filter}",
        "--benchmark_repetitions=1",
        f"--benchmark_min_time={min_time_s}",
        f"--benchmark_out={out}",
        "--benchmark_out_format=json",
    ]
    environment = dict(os.environ)
    environment.pop("LD_PRELOAD", None)
    if job.library:
        environment["LD_PRELOAD"] = job.library
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LONGEST_S)
    except subprocess.TimeoutExpired:
        return f"not done after {LONGEST_S} s"
    said = done.stderr.strip().splitlines()
    return f"exit status {done.returncode}: {said[-1] if said else ''}" if done.returncode else None


def measured(job, min_time_s):
    """The rows as Google Benchmark writes them, and what went wrong."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        wrong = start(job, min_time_s, out.name)
        try:
            found = json.load(out)["benchmarks"]
        except ValueError:
            return [], wrong or "no results"
    found = [row for row in found if row["run_type"] == "iteration"]
    of_rows = any(row.get("error_occurred") for row in found)
    return found, None if of_rows else wrong


class Samples:
    """Of each row and each round: the time, and the row's own counters. None where there is none."""

    def __init__(self, rounds):
        self.rounds = rounds
        self.times_ns = {}
        self.counters = {}
        self.errors = []

    def add(self, number, allocator, found):
        row = parse(found["name"], allocator)
        if found.get("error_occurred"):
            self.errors.append(f"{row.name}: {found.get('error_message', 'error')}")
            return
        nothing = [None] * self.rounds
        time_ns = found[row.clock] * NANOSECONDS[found["time_unit"]]
        times_ns = self.times_ns.setdefault(row, list(nothing))
        assert times_ns[number] is None, f"{row.name} is measured twice in a round"
        times_ns[number] = time_ns
        for key, value in found.items():
            if key not in NOT_COUNTERS and type(value) in (int, float):
                self.counters.setdefault(row, {}).setdefault(key, list(nothing))[number] = value


def run(jobs, pace):
    """Every round runs every job, and begins with another one."""
    samples = Samples(pace.rounds)
    progress = Progress(jobs, pace.rounds)
    for number in range(pace.rounds):
        begin = number % len(jobs)
        for job in jobs[begin:] + jobs[:begin]:
            if job.once and number > 0:
                continue
            progress.begin(number, pace.rounds, job)
            started = time.monotonic()
            found, wrong = measured(job, pace.min_time_s)
            progress.end(job, time.monotonic() - started)
            if wrong:
                samples.errors.append(f"{job.title}: {wrong}")
            for row in found:
                samples.add(number, job.allocator, row)
    samples.errors = list(dict.fromkeys(samples.errors))  # most come again in every round
    return samples
