"""What is run: programs, rows, allocators to preload, how often and for how long."""
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from rows import HEAPS, parse, plain_name


@dataclass(frozen=True)
class Program:
    name: str
    workloads: str  # a pattern
    process_for_each_row: bool = False  # resident memory is that of the process
    brings: str | None = None  # the one system that it is there for


PROGRAMS = [
    Program("resource_bench", ".*"),
    Program("seed_bench", "single|single_appender|multi|multi_wait|handoff"),
    Program("dpdk_bench", ".*", brings="dpdk_mempool"),
    Program("traffic_bench", ".*", process_for_each_row=True),
    Program("scale_bench", ".*"),
]

ALLOCATORS = {  # what to preload, in the order of preference
    "jemalloc": ["libjemalloc.so.2"],
    "mimalloc": ["libmimalloc.so.2", "libmimalloc.so.2.0"],
    "tcmalloc": ["libtcmalloc_minimal.so.4"],
}

# Who is compared with, and what brings it.
PACKAGES = {
    "jemalloc": "libjemalloc2",
    "mimalloc": "libmimalloc2.0",
    "tcmalloc": "libtcmalloc-minimal4",
    "tbb_scalable": "libtbb-dev",
    "tbb_pool": "libtbb-dev",
    "foonathan_pool": "libfoonathan-memory-dev",
    "foonathan_collection": "libfoonathan-memory-dev",
    "dpdk_mempool": "libdpdk-dev",
}

# Simulated: the same again every time.
RUN_ONCE = {"fragmentation"}

# What --quick runs of each workload; all cases where nothing is said.
QUICK_CASES = {
    r"pair|burst": r"(64|1024|16384|65536)",
    r"remote": r"(64|1024|16384)",
    r"threads": r"1024/threads:(1|2|8)",
    r"\w+_growth|\w+_churn": r"64",
    r"latency": r"(64|1024|16384)",
    r"scale": r"(8|64|4096|32768|1048576)/\d+",
    r"full": r"(8|64|4096|32768|1048576)",
}


@dataclass(frozen=True)
class Pace:
    rounds: int
    min_time_s: float


FULL = Pace(rounds=15, min_time_s=0.02)
QUICK = Pace(rounds=3, min_time_s=0.005)


@dataclass(frozen=True)
class Job:
    """One process of a round."""

    program: Path
    rows: tuple  # names as the program has them
    allocator: str | None = None
    library: str | None = None
    once: bool = False

    @property
    def title(self):
        work = parse(self.rows[0]).name if len(self.rows) == 1 else f"{len(self.rows)} rows"
        return f"{self.program.name}{f' with {self.allocator}' if self.allocator else ''}: {work}"

    @property
    def filter(self):
        """Exactly these rows, in few words: the programs match each of their rows with it."""
        cases_of = {}
        for workload, system, *case in (name.split("/") for name in self.rows):
            cases_of.setdefault((workload, system), []).append("/".join(case))
        systems_with = {}
        for (workload, system), cases in cases_of.items():
            systems_with.setdefault((workload, tuple(cases)), []).append(system)
        choices = [
            workload + "/" + one_of(systems) + (f"/{one_of(cases)}" if any(cases) else "")
            for (workload, cases), systems in systems_with.items()
        ]
        return f"^{one_of(choices)}$"


def one_of(patterns):
    return patterns[0] if len(patterns) == 1 else f"({'|'.join(patterns)})"


def in_quick(row):
    for workloads, cases in QUICK_CASES.items():
        if re.fullmatch(workloads, row.workload):
            return re.fullmatch(cases, row.case) is not None
    return True


class DoesNotStart(Exception):
    """Says why."""


def rows_of(program, path):
    """Of a program that is there for one system, the rows of that one: the others are another program's."""
    listed = subprocess.run([path, "--benchmark_list_tests"], capture_output=True, text=True)
    if listed.returncode != 0:
        raise DoesNotStart((listed.stderr.strip().splitlines() or [f"exit status {listed.returncode}"])[-1])
    rows = [line for line in listed.stdout.splitlines() if "/" in line]
    return [row for row in rows if program.brings in (None, parse(row).system)]


def chosen_rows(program, names, quick, only):
    """Those that are asked for; and with them the rows that they are compared with."""
    ours = [name for name in names if re.fullmatch(program.workloads, name.split("/")[0])]
    rows = {name: parse(name) for name in ours if not quick or in_quick(parse(name))}
    wanted = [name for name in rows if only.search(plain_name(name))]
    references = {rows[name].reference for name in wanted}
    return [name for name in rows if name in wanted or rows[name] in references]


def jobs_of(program, path, names, libraries):
    """First without, then with each allocator in `libraries` preloaded."""
    rows = {name: parse(name) for name in names}
    heap_rows = [name for name, row in rows.items() if row.system in HEAPS and row.workload not in RUN_ONCE]
    jobs = []
    for allocator, library in [(None, None), *libraries.items()]:
        run = heap_rows if allocator else names
        parts = [(name,) for name in run] if program.process_for_each_row else [tuple(run)]
        for part in filter(None, parts):
            once = all(rows[name].workload in RUN_ONCE for name in part)
            jobs.append(Job(path, part, allocator, library, once))
    return jobs
