"""The samples and what was made of them, as a file: JSON with a line for each row."""
import json

import rows
from measure import Samples


def rounded(value):
    """Four digits say more than the machine repeats."""
    return float(f"{value:.4g}") if isinstance(value, float) else value


def line_of(summary, row):
    line = {"row": list(row), "clock": row.clock, "times_ns": [rounded(t) for t in summary.values(row)]}
    line["median_ns"] = rounded(summary.median(row))
    ratio = summary.ratio(row)
    if ratio:
        line |= {"ratio": rounded(ratio.value), "spread_percent": rounded(100 * ratio.spread)}
        line["unsure"] = ratio.unsure
    counters = summary.samples.counters.get(row)
    if counters:
        line["counters"] = {name: [rounded(value) for value in values] for name, values in counters.items()}
    return line


def write(path, about, summary, targets):
    head = dict(about, errors=summary.samples.errors)
    head["targets"] = [target._asdict() for target in targets]
    ordered = sorted(summary.rows, key=lambda row: (row.workload, row.system, rows.by_case(row.case)))
    lines = ",\n".join(json.dumps(line_of(summary, row)) for row in ordered)
    text = json.dumps(head, indent=1).removesuffix("\n}")
    path.write_text(f'{text},\n "rows": [\n{lines}\n]\n}}\n')


def read(path):
    """What write() was given of it: about the measurement, and the samples."""
    found = json.loads(path.read_text())
    samples = Samples(found["rounds"])
    samples.errors = found.pop("errors")
    for line in found.pop("rows"):
        row = rows.Row(*line["row"])
        samples.times_ns[row] = line["times_ns"]
        samples.counters[row] = line.get("counters", {})
    found.pop("targets")
    return found, samples
