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


def rounds(given):
    if not re.fullmatch("[1-9][0-9]{0,2}", given):
        raise argparse.ArgumentTypeError(f"1 to 999, not {given}")
    return int(given)


def pattern(given):
    try:
        return re.compile(given)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"not a regular expression: {error}")


class Parser(argparse.ArgumentParser):
    """Wrong arguments are one line: how it is used, bench/run.sh says, which has other options."""

    def error(self, message):
        sys.stderr.write(message.removeprefix("argument ") + "\n")
        sys.exit(2)


def parse_arguments():
    parser = Parser(prog="bench/run.sh", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rows and rounds")
    parser.add_argument("--rounds", type=rounds, help="15 unless told, 3 with --quick")
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
    lines = done.stdout.splitlines()
    judged = ("skipped: ", "FAILED: ")
    table = "\n".join(line for line in lines if not line.startswith(judged))
    why = [line for line in lines if line.startswith(judged)] or done.stderr.splitlines()[-1:]
    why = why or [f"count_instructions.py ended with {done.returncode}"]
    if done.returncode == 77:
        return table, [skip("instructions' growth", why[-1].removeprefix("skipped: "))], []
    return table, [], why if done.returncode else []


def write(about, samples, output):
    """Returns the path of the Markdown, and the targets. Earlier tables and plots are replaced when all are there."""
    summary = Summary(samples)
    judged = targets.judge(summary)
    name = about["machine"]
    results.write(output / f"{name}.json", about, summary, judged)  # first: it is what a run was for
    with tempfile.TemporaryDirectory(dir=output, prefix=".unfinished-") as folder:
        base = Path(folder, name)
        try:
            import plots

            drawn = plots.draw_all(about, summary, base)
        except ImportError as error:
            print(f"No plots: {error}. Debian has python3-matplotlib.", file=sys.stderr)
            drawn = []
        Path(f"{base}.md").write_text(markdown.document(about, summary, judged, drawn))
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # from here on it is done
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for drawn_before in output.glob(f"{name}-*.svg"):
            drawn_before.unlink()
        for written in Path(folder).iterdir():
            written.replace(output / written.name)
    return output / f"{name}.md", judged


def report(about, samples, path, judged):
    """What is of interest without opening a file. The exit status: errors count, targets do not."""
    for line in text.skipped(about["skipped"]):
        print(line)
    for error in samples.errors:
        print(f"ERROR: {error}")
    print(f"results: {path}, and what else has that name")
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
        print(f"{output}: results cannot be written there: {error.strerror}", file=sys.stderr)
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
    if in_use := machine.busy_cores(about):
        print(f"Busy: others use {in_use} cores. Rows with several threads will be off.", file=sys.stderr)
    none = ("", [], [])
    instructions, why_not, wrong = none if arguments.only.pattern else count_instructions(arguments.build)
    about |= {"instructions": instructions, "skipped": skipped + why_not}
    before = machine.Usage.now()
    samples = measure.run(jobs, pace)
    about["cores_in_use_meanwhile"] = round(machine.cores_in_use_by_others(before), 2)
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
    sys.exit("interrupted: earlier tables and plots are as they were")
