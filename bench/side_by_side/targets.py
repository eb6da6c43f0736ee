"""What we set out for, and whether it is so."""
from typing import NamedTuple

from plan import ALLOCATORS
from rows import HEAPS, Row, by_case
from summary import ratio_of


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


def on_a_heap(system):
    return system.partition("+")[0] in HEAPS | set(ALLOCATORS)


def proxy(summary):
    ours = Row("proxy", "BufferPool", "")
    heaps = [row for row in summary.of("proxy") if on_a_heap(row.system) and summary.ratio(row)]
    if not heaps or summary.median(ours) is None:
        return
    best = min(heaps, key=summary.median)
    complete = len(heaps) == len(HEAPS) * (1 + len(ALLOCATORS))
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


def growth(summary, percent, base_slots):
    """The ratio of the slowest size from base_slots to 2^20 slots to base_slots, and that size."""
    rows = {slots_of(row): row for row in summary.of("scale") if row.case.endswith(f"/{percent}")}
    base = summary.values(rows[base_slots]) if base_slots in rows else None
    if not base:
        return None
    found = {
        slots: ratio_of(summary.values(row), base)
        for slots, row in rows.items()
        if base_slots < slots <= 1 << 20
    }
    slowest = max(found, key=lambda slots: found[slots].value, default=None)
    return (found[slowest], slowest) if slowest else None


def scale(summary):
    """Flat means that it does not grow. Below 64 slots there are no magazines: hence the other figure."""
    for percent in percents(summary):
        found = growth(summary, percent, 8)
        if not found:
            continue
        figure = f"{text(found[0])} ({found[1]:,} slots)"
        with_magazines = growth(summary, percent, 64)
        if with_magazines:
            figure += f"; of 64 slots {text(with_magazines[0])}"
        yield Target(
            f"pool {percent} % full, slowest of up to 2^20 slots, as a multiple of 8 slots",
            "at most 1.5",
            figure,
            found[0].value <= 1.5,
        )


def judge(summary):
    return [target for judged in (blocks, remote, proxy, scale) for target in judged(summary)]


def counts(targets):
    """`targets: N met, M missed`, and how many could not be judged."""
    met, missed, unknown = (sum(target.met is state for target in targets) for state in (True, False, None))
    return f"targets: {met} met, {missed} missed" + (f", {unknown} not judged" if unknown else "")
