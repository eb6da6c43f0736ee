"""What we set out for, and whether it is so."""
from typing import NamedTuple

from plan import ALLOCATORS
from rows import Row, by_case
from summary import ratio_of


PROXY_HEAPS = {"new_delete", "SystemBuffer"}  # the two ways in which the proxy's messages are on the heap


class Target(NamedTuple):
    what: str
    wanted: str
    figure: str
    met: bool | None  # None: what it takes to judge is missing


def clearly_above(ratio):
    """An even one, whose spread is wider than its lead, is not faster."""
    return ratio.value > 1 and not ratio.unsure


def text(ratio):
    return f"{ratio.value:.2f}{' ~' if ratio.unsure else ''}"


def blocks(summary):
    """Each of the allocators that people preload is slower, at each size."""
    for workload in ("pair", "burst"):
        for allocator in ALLOCATORS:
            for case in summary.cases(workload):
                if int(case) < 64:
                    continue
                what, wanted = f"{workload} of {case} bytes against {allocator}", "more than 1"
                ratio = summary.ratio(Row(workload, allocator, case))
                yield Target(what, wanted, text(ratio) if ratio else "", clearly_above(ratio) if ratio else None)


def remote(summary):
    for case in summary.cases("remote"):
        found = {one: summary.ratio(Row("remote", one, case)) for one in ALLOCATORS}
        found = {one: ratio for one, ratio in found.items() if ratio}
        what, wanted = f"remote of {case} bytes against the best of {', '.join(ALLOCATORS)}", "at least 3"
        if len(found) < len(ALLOCATORS):
            yield Target(what, wanted, "", None)
            continue
        best = min(found, key=lambda one: found[one].value)
        yield Target(what, wanted, f"{text(found[best])} ({best})", found[best].value >= 3)


def has_a_heap(system):
    return system.partition("+")[0] in PROXY_HEAPS | set(ALLOCATORS)


def proxy(summary):
    ours = Row("proxy", "BufferPool", "")
    heaps = [row for row in summary.of("proxy") if has_a_heap(row.system) and summary.ratio(row)]
    if not heaps or summary.median(ours) is None:
        return
    best = min(heaps, key=summary.median)
    complete = len(heaps) == len(PROXY_HEAPS) * (1 + len(ALLOCATORS))
    ratio = summary.ratio(best)
    met = ratio.value >= 1.5 if complete else None
    yield Target("proxy's time against the best heap", "at least 1.5", f"{text(ratio)} ({best.system})", met)
    resident = [summary.median(row, "peak_resident_mib") for row in (ours, best)]
    if None not in resident:
        figure = f"{resident[0]:.1f} against {resident[1]:.1f} MiB ({best.system})"
        met = resident[0] <= resident[1] if complete else None
        yield Target("proxy's peak resident memory", "not above the fastest heap's", figure, met)


def slots_of(row):
    return int(row.case.split("/")[0])


def percents(summary):
    return sorted({case.split("/")[1] for case in summary.cases("scale")}, key=by_case)


def by_time(summary, percent):
    """The rows of pools of 8 to 2^20 slots, the fastest first; none if either end is missing."""
    rows = [row for row in summary.of("scale") if row.case.endswith(f"/{percent}")]
    there = {slots_of(row): row for row in rows if slots_of(row) <= 1 << 20}
    return sorted(there.values(), key=summary.median) if {8, 1 << 20} <= there.keys() else []


def scale(summary):
    for percent in percents(summary):
        what = f"pool {percent} % full, slowest of 8 to 2^20 slots, as a multiple of the fastest"
        rows = by_time(summary, percent)
        ratio = ratio_of(summary.values(rows[-1]), summary.values(rows[0])) if rows else None
        if not ratio:
            yield Target(what, "at most 1.5", "", None)
            continue
        slowest, fastest = rows[-1], rows[0]
        figure = f"{text(ratio)} ({slots_of(slowest):,} and {slots_of(fastest):,} slots)"
        yield Target(what, "at most 1.5", figure, ratio.value <= 1.5)


def judge(summary):
    return [target for judged in (blocks, remote, proxy, scale) for target in judged(summary)]


def counts(targets):
    """`targets: N met, M missed`, and how many could not be judged."""
    met, missed, unknown = (sum(target.met is state for target in targets) for state in (True, False, None))
    return f"targets: {met} met, {missed} missed" + (f", {unknown} not judged" if unknown else "")
