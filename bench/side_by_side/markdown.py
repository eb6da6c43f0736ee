"""The results as Markdown: ten seconds' worth first, then every figure."""
import machine
import notes
import text
from rows import OURS, Row, kind
from summary import MEASURES
from targets import counts

EXPLANATION = (
    "Ratios: the other's time (or memory) by bufferpool's, so above 1 bufferpool is better; the median of\n"
    "the ratios of the rounds.\n\n"
    "- In brackets: the spread, the distance of the quartiles of the rounds in % of the median.\n"
    "- `~`: the spread of the ratios is wider than the lead: it is even.\n"
    "- †: not thread-safe.\n"
    "- ‡: a lower bound, which does less than an allocator has to. It never counts as faster."
)
MARKS = {"not thread-safe": " †", "lower bound": " ‡"}


def table(heading, lines):
    lines = [heading, ["---"] + ["---:"] * (len(heading) - 1), *lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def name_of(system):
    name = text.system(system) + MARKS.get(kind(system), "")
    return f"**{name}**" if system in OURS else name


def head(about):
    lines = ["# Side by side", "", text.caption(about) + f" · {about['kernel']}", ""]
    if about["quick"]:
        lines.append("A quick run: fewer sizes, fewer rounds.\n")
    if in_use := machine.busy_cores(about):
        lines.append(f"**The machine was busy: others used {in_use} cores. A sketch.**\n")
    compared = "; ".join(f"{one} {found}" for one, found in about["compared"].items())
    lines.append(f"Compared with: {compared}.\n")
    lines += [f"- {line}" for line in text.skipped(about["skipped"]) or ["nothing was skipped"]]
    return "\n".join(lines)


def multiple(competitor):
    if not competitor:
        return "-"
    return f"{text.digits(competitor.mean)}{' ~' if competitor.even else ''} ({text.system(competitor.system)})"


def summary_line(summary, standing):
    note, measure = notes.note_of(standing.workload), notes.MEASURES[standing.measure][0]
    ours = next(row.reference.system for row in summary.of(standing.workload))
    fastest = f"**{ours}**" if standing.first else text.system(standing.next_best.system)
    if standing.next_best and standing.next_best.even:
        fastest = "even"
    what = f"`{standing.workload}`" + (f": {note.title}" if measure == "time" else f", {measure}")
    figures = f"{standing.wins} / {standing.even} / {standing.losses}"
    return [what, fastest, multiple(standing.next_best), figures, multiple(standing.single_threaded)]


def summary_table(summary):
    heading = [
        "workload",
        "first of the thread-safe",
        "next best / ours",
        "better / even / behind",
        "best single-threaded † / ours",
    ]
    return "\n".join(
        [
            "## In short\n",
            "Geometric means over all sizes.\n",
            table(heading, [summary_line(summary, standing) for standing in summary.standings()]),
            "",
            EXPLANATION,
        ]
    )


def ratio_cell(summary, row, best):
    """Ours as a time, the others as multiples of it."""
    ratio = summary.ratio(row)
    is_ours = row == row.reference
    shown = text.duration(summary.median(row)) if is_ours else text.ratio(ratio)
    spread = summary.spread(row)  # None: measured once
    spread = text.spread(spread if is_ours or spread is None else ratio.spread)
    return f"**{shown}**{spread}" if row in best else f"{shown}{spread}"


def fastest(summary, rows):
    """Of the thread-safe; and whoever is faster than that without being so."""
    safe = [row for row in rows if kind(row.system) in ("ours", "thread-safe")]
    any_at_all = [row for row in rows if kind(row.system) != "lower bound"]
    return {min(some, key=summary.median, default=None) for some in (safe, any_at_all)}


def time_table(summary, workload, cases):
    rows = {(row.system, row.case): row for row in summary.of(workload) if summary.ratio(row)}
    there = {system for system, case in rows if case in cases}
    systems = [system for system in summary.systems(workload) if system in there]
    lines = []
    best = {case: fastest(summary, [row for (_, at), row in rows.items() if at == case]) for case in cases}
    for system in systems:
        cells = (rows.get((system, case)) for case in cases)
        shown = [ratio_cell(summary, row, best[row.case]) if row else "" for row in cells]
        lines.append([name_of(system), *shown])
    return table(["", *(text.case(case) or "time, ratio" for case in cases)], lines)


def least(summary, rows, measure):
    values = (summary.median(row, measure) for row in rows)
    return min((value for value in values if value is not None), default=None)


def figures_table(summary, workload, cases):
    """Every measure of the workload, in its own unit; a line for each system and each of the cases."""
    there = set(summary.of(workload))
    wanted = (Row(workload, system, case) for system in summary.systems(workload) for case in cases)
    rows = [row for row in wanted if row in there]
    measures = MEASURES[workload]
    best = {measure: least(summary, rows, measure) for measure in measures}
    lines = []
    for row in rows:
        cells = []
        for measure in measures:
            value = summary.median(row, measure)
            shown = "" if value is None else text.quantity(value, notes.MEASURES[measure][1])
            shown = f"**{shown}**" if shown and value == best[measure] else shown
            ratio = summary.ratio(row, measure)
            even = " ~" if ratio and ratio.unsure and row != row.reference else ""
            cells.append(shown and shown + even + text.spread(summary.spread(row, measure)))
        name = name_of(row.system) + (f", {text.case(row.case)}" if len(cases) > 1 else "")
        lines.append([name, *cells])
    return table(["", *(notes.MEASURES[measure][0] for measure in measures)], lines)


def scale_table(summary, workload):
    """A column for each load, or each size of a block, if there are any."""
    rows = summary.of(workload)
    slots = sorted({int(row.case.split("/")[0]) for row in rows})
    loads = sorted({row.case.partition("/")[2] for row in rows}, key=lambda load: int(load or 0))
    found = {row.case: text.duration(summary.median(row)) + text.spread(summary.spread(row)) for row in rows}
    lines = []
    for count in slots:
        cells = [found.get(f"{count}/{load}".rstrip("/"), "") for load in loads]
        lines.append([f"{count:,} slots", *cells])
    if workload == "scale_blocks":
        return table(["", *map(text.case, loads)], lines)
    return table(["", *(f"{load} % full" if load else "time" for load in loads)], lines)


def tables_of(summary, workload):
    cases = summary.cases(workload)
    if workload in ("scale", "scale_blocks", "full"):
        return [scale_table(summary, workload)]
    if workload == "threads":
        counts_of_threads = sorted({case.partition("/")[2] for case in cases}, key=lambda name: int(name[8:]))
        groups = [[case for case in cases if case.endswith("/" + threads)] for threads in counts_of_threads]
        return [time_table(summary, workload, group) for group in groups]
    if workload == "fragmentation":  # the cases are the sizes of a slot, which differ
        return [figures_table(summary, workload, cases)]
    if workload in MEASURES:
        titled = [(text_of_case(workload, case), figures_table(summary, workload, [case])) for case in cases]
        found = [f"{title}:\n\n{shown}" if title else shown for title, shown in titled]
        return found + [time_table(summary, workload, cases)] * (workload == "proxy")
    return [time_table(summary, workload, cases)]


def text_of_case(workload, case):
    return f"{int(case):,} connections" if workload == "idle" else text.case(case)


def section(summary, workload):
    note = notes.note_of(workload)
    lines = [f"## {workload}: {note.title}\n", f"Models: {note.models}. A cheat: {note.cheat}.\n"]
    return "\n".join(lines) + "\n" + "\n\n".join(tables_of(summary, workload))


def behind(summary):
    """By workload, system and measure, with what the others need of our time or memory."""
    lines = ["## Where bufferpool loses"]
    for wanted, title in (
        ("thread-safe", "To what any thread may use:"),
        ("not thread-safe", "To pools for a single thread (not thread-safe):"),
    ):
        groups = {}
        for loss in summary.behind(wanted):
            case = f"{text_of_case(loss.row.workload, loss.row.case)}: " if loss.row.case else ""
            groups.setdefault((loss.row.workload, loss.measure, loss.row.system), []).append(
                f"{case}{text.ratio(loss.ratio)}"
            )
        lines.append(f"\n{title}\n")
        lines += [
            f"- `{workload}`{'' if measure == 'time' else ', ' + notes.MEASURES[measure][0]}: "
            f"{text.system(system)} ({'; '.join(found)})"
            for (workload, measure, system), found in groups.items()
        ] or ["- nowhere"]
    return "\n".join(lines)


def verdict(target):
    return "not judged" if target.met is None else "met" if target.met else "**MISSED**"


def targets_table(targets):
    lines = [[one.what, one.wanted, one.figure, verdict(one)] for one in targets]
    return f"## Targets\n\n{counts(targets)}\n\n" + table(["", "wanted", "found", ""], lines)


def document(about, summary, targets, plots):
    errors = "\n".join(f"- ERROR: {error}" for error in summary.samples.errors)
    parts = [head(about), errors, summary_table(summary)]
    parts += [f"![{plot}]({plot})" for plot in plots]
    parts.append(behind(summary))
    parts += [section(summary, workload) for workload in summary.workloads()]
    if about["instructions"]:
        parts.append(f"## Instructions\n\nCounted by callgrind.\n\n```\n{about['instructions']}\n```")
    parts.append(targets_table(targets))
    return "\n\n".join(part for part in parts if part) + "\n"
