"""The plots, and those of them that have bars. Each is drawn if there are figures for it."""
import notes
import text
from curves import fragmentation, full, latency, scale, scale_blocks, threads
from drawing import RIVALS, explain_kinds, grouped_bars, lying_bars, pyplot, save
from rows import Row

CONTAINERS = ["vector_growth", "boost_vector_growth", "string_churn", "map_churn", "list_churn"]
MESSAGES = ["single", "handoff", "multi", "multi_wait"]


def present(summary, *workloads):
    return [workload for workload in workloads if summary.of(workload)]


def plotted_sizes(summary, workload):
    return [case for case in summary.cases(workload) if int(case) in (64, 1024, 16384, 65536)]


def blocks(summary):
    """Pair, burst and remote against what people preload, for the README."""
    workloads = [one for one in ("pair", "burst", "remote") if plotted_sizes(summary, one)]
    if not workloads:
        return None
    figure, all_axes = pyplot.subplots(1, len(workloads), figsize=(3.7 * len(workloads), 3.9), squeeze=False)
    systems = [one for one in RIVALS if one in summary.systems(*workloads)]
    for axes, workload in zip(all_axes[0], workloads, strict=True):
        cases = plotted_sizes(summary, workload)
        grouped_bars(axes, cases, systems, lambda system, case: summary.median(Row(workload, system, case)))
        title = notes.note_of(workload).title.replace(", and", ",\nand")
        axes.set_title(f"\n\n{title}", size=10)  # below the legend
        axes.set_xlabel("size of a block")
    all_axes[0][0].set_ylabel("time of a block, ns (log)")
    handles, labels = all_axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper center", ncol=len(systems), frameon=False, fontsize=9)
    return figure


def lying(summary, systems, panels, log=False, width=11):
    """One axes for each panel (title, unit, value_of), the systems' names once."""
    height = 1.5 + 0.26 * len(systems)
    figure, all_axes = pyplot.subplots(1, len(panels), figsize=(width, height), sharey=True, squeeze=False)
    for axes, (title, unit, value_of) in zip(all_axes[0], panels, strict=True):
        lying_bars(axes, systems, value_of, log)
        axes.set_title(f"\n{title}", size=10)
        axes.set_xlabel(unit)
    explain_kinds(figure, systems)
    return figure


def of_blocks(workload):
    """Every system of one workload at up to four sizes."""

    def draw(summary):
        cases = plotted_sizes(summary, workload)
        if not cases:
            return None

        def panel(case):
            return (
                text.case(case),
                "ns (log)",
                lambda system: summary.median(Row(workload, system, case)),
            )

        return lying(summary, summary.systems(workload), [panel(case) for case in cases], log=True)

    return draw


def ratio_panel(summary, workload, case, title):
    def value_of(system):
        row = Row(workload, system, case)
        ratio = summary.ratio(row)
        return ratio.value if ratio else None

    return title, "time / bufferpool's (log)", value_of


def containers(summary):
    workloads = [one for one in CONTAINERS if "64" in summary.cases(one)]
    if not workloads:
        return None
    panels = [ratio_panel(summary, one, "64", one.replace("_", " ") + ", 64 B") for one in workloads]
    return lying(summary, summary.systems(*workloads), panels, log=True, width=13)


def messages(summary):
    workloads = present(summary, *MESSAGES)
    if not workloads:
        return None
    panels = [ratio_panel(summary, one, "", one) for one in workloads]
    return lying(summary, summary.systems(*workloads), panels, log=True)


def false_sharing(summary):
    workloads = present(summary, "scratch", "thrash")
    if not workloads:
        return None

    def panel(workload):
        return workload, "ns (log)", lambda system: summary.median(Row(workload, system, "8"))

    panels = [panel(workload) for workload in workloads]
    return lying(summary, summary.systems(*workloads), panels, log=True)


def proxy(summary):
    """Speed, tail and memory of each, for the README."""
    if not summary.of("proxy"):
        return None

    def messages_per_s(system):
        time = summary.median(Row("proxy", system, ""))
        return 1e3 / time if time else None

    def figure(measure, divisor=1):
        def value_of(system):
            value = summary.median(Row("proxy", system, ""), measure)
            return None if value is None else value / divisor

        return value_of

    panels = [
        ("throughput (more is better)", "million messages a second", messages_per_s),
        ("p99 of one operation (less is better)", "µs", figure("p99_ns", 1e3)),
        ("peak resident memory (less is better)", "MiB", figure("peak_resident_mib")),
    ]
    return lying(summary, summary.systems("proxy"), panels)


def idle(summary):
    """A group of bars for each number of connections."""
    cases, systems = summary.cases("idle"), summary.systems("idle")

    def bytes_of(system, case):
        return summary.median(Row("idle", system, case), "bytes_per_connection")

    if not any(bytes_of(system, case) for system in systems for case in cases):
        return None
    figure, axes = pyplot.subplots(figsize=(8, 4.2))
    grouped_bars(axes, cases, systems, bytes_of)
    axes.set_xticks(range(len(cases)), [f"{int(case):,}" for case in cases])
    axes.set_xlabel("connections")
    axes.set_ylabel("memory a connection, bytes (log)")
    axes.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


PLOTS = {
    "blocks": blocks,
    "proxy": proxy,
    "pair": of_blocks("pair"),
    "burst": of_blocks("burst"),
    "remote": of_blocks("remote"),
    "threads": threads,
    "containers": containers,
    "messages": messages,
    "false-sharing": false_sharing,
    "latency": latency,
    "idle": idle,
    "scale": scale,
    "scale-blocks": scale_blocks,
    "full": full,
    "fragmentation": fragmentation,
}


def draw_all(about, summary, base):
    """The names of the files that were written."""
    drawn = ((plot, draw(summary)) for plot, draw in PLOTS.items())
    return [save(figure, about, base, plot) for plot, figure in drawn if figure is not None]
