"""What the figures were measured with: machine, compiler, versions. Nothing that says whose machine it is."""
import datetime
import json
import os
import platform
import re
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

import plan

CHECKOUT = Path(__file__).resolve().parents[2]


def said_by(*command, cwd=None):
    """What the command prints, or nothing if there is no such command or it fails."""
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def version():
    project = (CHECKOUT / "meson.build").read_text()
    return re.search(r"^  version: '(.*)'", project, re.MULTILINE).group(1)


def commit():
    """Results that are written do not make the tree that they were measured with a changed one."""
    name = said_by("git", "rev-parse", "--short=12", "HEAD", cwd=CHECKOUT)
    changed = said_by("git", "status", "--porcelain", "--", ".", ":!bench/results", cwd=CHECKOUT)
    return f"{name}-dirty" if name and changed else name or None


def processor():
    try:
        return name_of_processor(Path("/proc/cpuinfo").read_text())
    except OSError:
        return platform.machine()


def name_of_processor(cpuinfo):
    """Hosts may hide which one it is: then `AMD EPYC (family 26, model 2)`."""
    found = dict(re.findall(r"^(model name|cpu family|model)[ \t]*:[ \t]*(.*?)[ \t]*$", cpuinfo, re.MULTILINE))
    name = found.get("model name", platform.machine())
    if re.search(r"\d", name.partition("@")[0]) or not {"cpu family", "model"} <= found.keys():
        return name
    return f"{name} (family {found['cpu family']}, model {found['model']})"


def short_name(model, cores):
    """A name for files: `AMD EPYC 9B45 96-Core Processor`, 2 cores: amd-epyc-9b45-2-cores."""
    model = re.sub(r"\((r|tm|c)\)|\b\d+-core\b|\b(cpu|processor|with .*)|@[^(]*", " ", model.lower())
    words = re.findall(r"[a-z0-9]+", model)
    return "-".join([*words, str(cores), "core" if cores == 1 else "cores"])


def compiler(build):
    """`gcc 12.2.0`, of the compiler that the build uses."""
    commands = json.loads((build / "compile_commands.json").read_text())
    words = commands[0]["command"].split()
    said = said_by(words[1] if words[0].endswith("ccache") else words[0], "--version").partition("\n")[0]
    number = re.search(r"\d+\.\d+\.\d+", said)
    name = "clang" if "clang" in said else "gcc"
    return f"{name} {number.group()}" if number else name


def package_version(package):
    return said_by("dpkg-query", "--show", "--showformat=${Version}", package) or None


def versions(systems, libraries):
    """Of those that are compared with; the name of a preloaded one's file has its version too."""
    found = {}
    for system in systems & plan.PACKAGES.keys():
        known = [package_version(plan.PACKAGES[system]), libraries.get(system)]
        found[system] = ", ".join(filter(None, known)) or None
    found["glibc"] = said_by("getconf", "GNU_LIBC_VERSION").removeprefix("glibc ") or None
    found["boost"] = package_version("libboost-dev")
    return {system: text for system, text in sorted(found.items()) if text}


def ticks_in_use():
    """Of all processors together, since the start; what the host took from them counts."""
    user, nice, system, _idle, _waiting, *others = map(
        int, Path("/proc/stat").read_text().partition("\n")[0].split()[1:9])
    return user + nice + system + sum(others)


def cores_in_use(seconds=2):
    """By others, as this process sleeps meanwhile. Not the load average, in which a build before still counts."""
    before = ticks_in_use()
    time.sleep(seconds)
    return (ticks_in_use() - before) / (seconds * os.sysconf("SC_CLK_TCK"))


class Usage(NamedTuple):
    """Up to a moment: its time, and what all and this process with its children used of the processors."""

    at_s: float
    all_s: float
    own_s: float

    @classmethod
    def now(cls):
        own_s = sum(os.times()[:4])
        return cls(time.monotonic(), ticks_in_use() / os.sysconf("SC_CLK_TCK"), own_s)


def cores_in_use_by_others(since):
    now = Usage.now()
    used_s = (now.all_s - since.all_s) - (now.own_s - since.own_s)
    return max(0.0, used_s / (now.at_s - since.at_s))


def busy_cores(about):
    """How many others used, at the start or meanwhile, if that is too much to measure beside; else 0."""
    most = max(about["cores_in_use_at_start"], about.get("cores_in_use_meanwhile", 0))
    return most if most > about["cores"] / 4 else 0


def describe(build, systems, libraries):
    cores = len(os.sched_getaffinity(0))
    return {
        "machine": short_name(processor(), cores),
        "version": version(),
        "commit": commit(),
        "cpu": processor(),
        "cores": cores,
        "kernel": f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
        "compiler": compiler(build),
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        "cores_in_use_at_start": round(cores_in_use(), 2),
        "compared": versions(systems, libraries),
    }
