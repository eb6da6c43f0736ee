"""What the samples say: medians, ratios to ours with their spread, who is first, and where we are not."""
import math
import statistics
from typing import NamedTuple

from notes import NOTES
from rows import by_case, kind

# What counts of a workload, less being better. "time" is its own, the others are counters.
MEASURES = {
    "proxy": ["time", "p99_ns", "peak_resident_mib", "resident_over_live"],
    "idle": ["bytes_per_connection"],
    "fragmentation": ["mean_pinned_over_live", "peak_pinned_over_live"],
    "latency": ["p50_ns", "p90_ns", "p99_ns", "p999_ns", "p9999_ns"],
}


class Ratio(NamedTuple):
    """The other's value by ours: above 1, ours is better."""

    value: float
    spread: float  # distance of the quartiles of the rounds' ratios, as a part of their median

    @property
    def unsure(self):
        return self.spread >= abs(self.value - 1)  # also where both are nothing


class Behind(NamedTuple):
    """A row that is better than ours."""

    row: tuple
    measure: str
    ratio: Ratio


class Competitor(NamedTuple):
    system: str
    mean: float  # geometric, of its ratios
    even: bool  # at every size


class Standing(NamedTuple):
    """A workload in one line."""

    workload: str
    measure: str
    next_best: Competitor | None
    single_threaded: Competitor | None
    wins: int
    even: int  # the spread is wider than the lead
    losses: int

    @property
    def first(self):
        return self.next_best is None or self.next_best.mean >= 1


def median(values):
    return statistics.median(value for value in values if value is not None)


def spread_of(values):
    """The distance of the quartiles, as a part of the median; None of a single value."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return None
    low, middle, high = statistics.quantiles(known, n=4, method="inclusive")
    return (high - low) / middle if middle else 0


def ratio_of(others, ours):
    """From values of the same rounds, or None where no round has both."""
    found = [a / b for a, b in zip(others, ours, strict=True) if a is not None and b]
    if not found:
        return None
    middle = statistics.median(found)
    return Ratio(middle, spread_of(found) or 0)


def geometric_mean(values):
    return math.exp(statistics.fmean(math.log(value) for value in values))


class Summary:
    def __init__(self, samples):
        self.samples = samples
        self.rows = list(samples.times_ns)

    def values(self, row, measure="time"):
        """One for each round, or nothing."""
        if measure == "time":
            return self.samples.times_ns.get(row)
        return self.samples.counters.get(row, {}).get(measure)

    def median(self, row, measure="time"):
        values = self.values(row, measure)
        return median(values) if values else None

    def spread(self, row, measure="time"):
        return spread_of(self.values(row, measure) or [])

    def ratio(self, row, measure="time"):
        ours = row.reference and self.values(row.reference, measure)
        others = self.values(row, measure)
        return ratio_of(others, ours) if ours and others else None

    def workloads(self):
        found = {row.workload for row in self.rows}
        return [name for name in NOTES if name in found] + sorted(found - set(NOTES))

    def of(self, workload):
        return [row for row in self.rows if row.workload == workload]

    def systems(self, *workloads):
        """Ours first, then the others in the order of how they do; lower bounds are last."""
        ratios = {}
        rows = [row for row in self.rows if row.workload in workloads]
        for row in rows:
            ratio = self.ratio(row, MEASURES.get(row.workload, ["time"])[0])
            ratios.setdefault(row.system, []).append(ratio.value if ratio and ratio.value > 0 else 1)
        ranks = {"ours": 0, "lower bound": 2}
        references = {row.reference.system for row in rows if row.reference}

        def place(system):
            return ranks.get(kind(system), 1), system not in references, geometric_mean(ratios[system])

        return sorted(ratios, key=place)

    def cases(self, *workloads):
        return sorted({row.case for row in self.rows if row.workload in workloads}, key=by_case)

    def behind(self, wanted_kind):
        """Every row of systems of that kind that does better than ours."""
        found = []
        for row in self.rows:
            if kind(row.system) != wanted_kind:
                continue
            for measure in MEASURES.get(row.workload, ["time"]):
                ratio = self.ratio(row, measure)
                if ratio and ratio.value < 1:
                    found.append(Behind(row, measure, ratio))
        order = self.workloads()
        return sorted(found, key=lambda loss: (order.index(loss.row.workload), by_case(loss.row.case)))

    def best_of(self, workload, measure, wanted_kind):
        ratios = {}
        for row in self.of(workload):
            ratio = self.ratio(row, measure)
            if kind(row.system) == wanted_kind and ratio and ratio.value > 0:
                ratios.setdefault(row.system, []).append(ratio)
        competitors = [
            Competitor(system, geometric_mean([one.value for one in found]), all(one.unsure for one in found))
            for system, found in ratios.items()
        ]
        ahead_for_sure = [one for one in competitors if one.mean < 1 and not one.even]
        return min(ahead_for_sure or competitors, key=lambda one: one.mean, default=None)

    def standing(self, workload, measure):
        next_best = self.best_of(workload, measure, "thread-safe")
        single_threaded = self.best_of(workload, measure, "not thread-safe")
        others = [row for row in self.of(workload) if kind(row.system) == "thread-safe"]
        ratios = [ratio for ratio in (self.ratio(row, measure) for row in others) if ratio]
        sure = [ratio for ratio in ratios if not ratio.unsure]
        wins = sum(ratio.value > 1 for ratio in sure)
        return Standing(
            workload, measure, next_best, single_threaded, wins, len(ratios) - len(sure), len(sure) - wins
        )

    def standings(self):
        for workload in self.workloads():
            for measure in MEASURES.get(workload, ["time"]):
                standing = self.standing(workload, measure)
                if standing.next_best or standing.single_threaded:
                    yield standing
