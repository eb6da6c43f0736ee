"""Runs every benchmark beside what a user would pick instead, and writes JSON, Markdown and plots.

Called by bench/run.sh, which installs and builds first.
"""
import argparse
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import machine
import markdown
import measure
import plan
import results
import targets
import text
from rows import parse
from summary import Summary


def at_least_one(given):
    if not given.isdigit() or int(given) == 0:
        raise argparse.ArgumentTypeError(f"at least 1 round, not {given}")
    return int(given)


def pattern(given):
    try:
        return re.compile(given)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"not a regular expression: {error}")


def parse_arguments():
    parser = argparse.ArgumentParser(prog="bench/run.sh", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rows and rounds, within three minutes")
    parser.add_argument("--rounds", type=at_least_one, help="15 unless told, 5 with --quick")
    parser.add_argument("--only", type=pattern, default=pattern(""), help="rows that match, and references")
    parser.add_argument("--output", type=Path, help="usually bench/results; build/bench/results if part of it is run")
    parser.add_argument("--build", type=Path, default=Path("build/bench"), help=argparse.SUPPRESS)
    parser.add_argument("--check", action="store_true", help=argparse.SUPPRESS)  # the arguments, before the build
    parser.add_argument("--redraw", type=Path, metavar="JSON", help="no run, an earlier one's results again")
    return parser.parse_args()


def skip(what, why, package=None):
    installed = package is not None and machine.package_version(package) is not None
    return {"what": what, "why": why, "package": package, "installed": installed}


def find_programs(build):
    """What is built, with its rows; and what is not."""
    found, skipped = {}, []
    for program in plan.PROGRAMS:
        path = build / "bench" / program.name
        if path.exists():
            try:
                found[program] = (path.resolve(), plan.rows_of(program, path))
            except plan.DoesNotStart as why:
                skipped.append(skip(program.brings or program.name, str(why)))
        elif not program.brings:
            skipped.append(skip(program.name, "not built"))
    return found, skipped


def missing_from(there):
    """Those compared with that are in no program, and no library to preload."""
    return [
        skip(system, "cannot be preloaded" if system in plan.ALLOCATORS else "not in the build", package)
        for system, package in plan.PACKAGES.items()
        if system not in there
    ]


def plan_jobs(programs, libraries, arguments):
    jobs = []
    for program, (path, names) in programs.items():
        rows = plan.chosen_rows(program, names, arguments.quick, arguments.only)
        jobs += plan.jobs_of(program, path, rows, libraries)
    return jobs


def count_instructions(build):
    """The table of another script, why it is not there, and what is wrong with it."""
    probe = build / "bench" / "instruction_probe"
    if not probe.exists():
        return "", [skip("instructions", "instruction_probe is not built")], []
    if not shutil.which("valgrind"):
        return "", [skip("instructions", "valgrind is not installed", "valgrind")], []
    script = machine.CHECKOUT / "bench" / "count_instructions.py"
    done = subprocess.run([sys.executable, script, probe], capture_output=True, text=True)
    said = (done.stdout + done.stderr).strip()
    if done.returncode == 77:
        return "", [skip("instructions", said.removeprefix("skipped: "))], []
    return done.stdout.rstrip(), [], [said.splitlines()[-1]] if done.returncode else []


def write(about, samples, output):
    """Returns the path of the Markdown, and the targets."""
    summary = Summary(samples)
    judged = targets.judge(summary)
    base = output / about["machine"]
    for drawn_before in output.glob(f"{base.name}-*.svg"):
        drawn_before.unlink()
    results.write(Path(f"{base}.json"), about, summary, judged)
    try:
        import plots

        drawn = plots.draw_all(about, summary, base)
    except ImportError as error:
        print(f"No plots: {error}. Debian has python3-matplotlib.", file=sys.stderr)
        drawn = []
    path = Path(f"{base}.md")
    path.write_text(markdown.document(about, summary, judged, drawn))
    return path, judged


def report(about, samples, path, judged):
    """What is of interest without opening a file. The exit status: errors count, targets do not."""
    for line in text.skipped(about["skipped"]):
        print(line)
    for error in samples.errors:
        print(f"ERROR: {error}")
    print(f"results: {path}, with .json and .svg beside it")
    print(targets.counts(judged))
    return 1 if samples.errors else 0


def output_of(arguments):
    """Where the results go; looked at before the run. Only a whole run replaces what is published."""
    part = arguments.quick or arguments.rounds or arguments.only.pattern
    usual = arguments.redraw.parent if arguments.redraw else (arguments.build if part else Path("bench")) / "results"
    output = arguments.output or usual
    try:
        output.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=output).close()
    except OSError as error:
        print(f"--output {output}: {error.strerror}", file=sys.stderr)
        sys.exit(2)
    return output


def run(arguments):
    programs, skipped = find_programs(arguments.build)
    if not programs:
        sys.exit(f"no benchmark programs in {arguments.build}: bench/run.sh builds them")
    anyone = next(iter(programs.values()))[0]
    libraries, files = measure.available_allocators(anyone)
    there = {parse(name).system for _, names in programs.values() for name in names} | set(libraries)
    skipped += missing_from(there | {one["what"] for one in skipped})
    jobs = plan_jobs(programs, libraries, arguments)
    if not jobs:
        sys.exit(f"--only {arguments.only.pattern}: no row matches{' with --quick' * arguments.quick}")
    usual = plan.QUICK if arguments.quick else plan.FULL
    pace = plan.Pace(arguments.rounds or usual.rounds, usual.min_time_s)
    about = machine.describe(arguments.build, there, files)
    about |= {"rounds": pace.rounds, "quick": arguments.quick}
    if machine.was_busy(about):
        in_use = about["cores_in_use_at_start"]
        print(f"Busy: others use {in_use} cores. Rows with several threads will be off.", file=sys.stderr)
    none = ("", [], [])
    instructions, why_not, wrong = none if arguments.only.pattern else count_instructions(arguments.build)
    about |= {"instructions": instructions, "skipped": skipped + why_not}
    samples = measure.run(jobs, pace)
    samples.errors += wrong
    return about, samples


def main():
    arguments = parse_arguments()
    output = output_of(arguments)
    if arguments.check:
        return 0
    about, samples = results.read(arguments.redraw) if arguments.redraw else run(arguments)
    return report(about, samples, *write(about, samples, output))


def interrupt(*_):
    raise KeyboardInterrupt


signal.signal(signal.SIGTERM, interrupt)
try:
    sys.exit(main())
except KeyboardInterrupt:
    sys.exit("interrupted: nothing written")
