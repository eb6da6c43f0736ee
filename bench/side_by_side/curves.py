"""The plots that have lines: over threads, slots and time."""
import re

import text
from drawing import RIVALS, line_style, plain_numbers, pyplot
from rows import Row, by_case, kind

NONE = 1e-12


def lines(figures, labels, size=(8, 4.2)):
    """`figures` is a list of (name, system, [(x, y)...]); `labels` are those of the axes."""
    figure, axes = pyplot.subplots(figsize=size)
    for number, (name, system, points) in enumerate(figures):
        axes.plot(*zip(*points, strict=True), label=name, markersize=3.5, **line_style(number, system))
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure, axes


def threads(summary):
    """Blocks of 1 KiB, by everything that is thread-safe."""
    found = {}
    for row in summary.of("threads"):
        size, _, count = row.case.partition("/threads:")
        if size == "1024" and kind(row.system) in ("ours", "thread-safe"):
            found.setdefault(row.system, []).append((int(count), summary.median(row)))
    if not found:
        return None
    systems = [system for system in summary.systems("threads") if system in found]
    figures = [(text.system(system), system, sorted(found[system])) for system in systems]
    figure, axes = lines(figures, ("threads", "ns for a block of 1 KiB (log)"))
    axes.set_yscale("log")
    axes.set_xscale("log", base=2)
    axes.set_xticks(sorted({count for points in found.values() for count, _ in points}))
    plain_numbers(axes.xaxis)
    plain_numbers(axes.yaxis)
    return figure


def over_slots(workload, what, name_of):
    """A line for each load, or each size of a block, over the number of slots."""

    def draw(summary):
        found = {}
        for row in summary.of(workload):
            slots, _, load = row.case.partition("/")
            found.setdefault(int(load or 0), []).append((int(slots), summary.median(row)))
        if not found:
            return None
        figures = [(name_of(load), "", sorted(found[load])) for load in sorted(found)]
        figure, axes = lines(figures, ("slots of the pool (log)", f"{what}, ns"))
        axes.set_xscale("log", base=2)
        axes.set_ylim(bottom=0)
        return figure

    return draw


scale = over_slots("scale", "one allocate and deallocate", lambda percent: f"{percent} % full")
scale_blocks = over_slots("scale_blocks", "one block, taken and given back", lambda size: text.case(str(size)))
full = over_slots("full", "to say that nothing is free", lambda _: "SlotPool")


def latency(summary):
    """The share of the operations that takes so long, of those who would be in a server."""
    cases = summary.cases("latency")
    if not cases:
        return None
    case = "1024" if "1024" in cases else cases[0]
    figures = []
    for system in [one for one in summary.systems("latency") if one in RIVALS]:
        shares = buckets(summary, Row("latency", system, case))
        if shares:
            figures.append((text.system(system), system, shares))
    if not figures:
        return None
    labels = (f"time of one operation, {text.case(case)}, up to, ns (log)", "share of operations, % (log)")
    figure, axes = lines(figures, labels)
    for line in axes.lines:
        line.set_drawstyle("steps-pre")
    least = min(share for *_, shares in figures for _, share in shares if share > NONE)
    axes.set_ylim(bottom=least / 2)
    axes.set_xscale("log", base=2)
    axes.set_xticks([1 << power for power in range(3, 21, 3)])
    axes.set_yscale("log")
    plain_numbers(axes.xaxis)
    plain_numbers(axes.yaxis)
    return figure


def buckets(summary, row):
    """(upper edge in ns, percent of the operations) of each bucket; what a log axis cannot show is far below it."""
    counters = summary.samples.counters.get(row, {})
    found = (re.fullmatch(r"share_up_to_(\d+)", name) for name in counters)
    edges = sorted(int(match.group(1)) for match in found if match)
    return [(edge, 100 * summary.median(row, f"share_up_to_{edge}") or NONE) for edge in edges]


def fragmentation(summary):
    figures = []
    for row in sorted(summary.of("fragmentation"), key=lambda row: (row.system, by_case(row.case))):
        counters = summary.samples.counters.get(row, {})
        found = (re.fullmatch(r"at_([\d.]+)s", name) for name in counters)
        points = [(float(match.group(1)), summary.median(row, match.group())) for match in found if match]
        if points:
            name = f"{text.system(row.system)}, {text.case(row.case)}"
            figures.append((name, row.system if row == row.reference else "", sorted(points)))
    if not figures:
        return None
    figure, axes = lines(figures, ("simulated time, s", "pinned memory / live bytes"))
    axes.set_ylim(bottom=0)
    return figure
