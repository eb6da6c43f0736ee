"""How plots look: readable in black and white, ours dark, the same bytes for the same figures."""
import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot, ticker  # noqa: E402
from matplotlib.patches import Patch  # noqa: E402

import text  # noqa: E402
from plan import ALLOCATORS  # noqa: E402
from rows import OURS, kind  # noqa: E402

RIVALS = ["PoolResource", "new_delete", *ALLOCATORS, "tbb_scalable"]  # what a server would be linked with

OUR_COLOR = "#16344f"
GREYS = ["#e8e8e8", "#b4b4b4", "#d2d2d2", "#f6f6f6", "#9a9a9a", "#c3c3c3"]
HATCHES = ["", "///", "...", "\\\\\\", "xx", "--"]
LINES = [("-", "o"), ("--", "s"), (":", "^"), ("-.", "D"), ("--", "v"), (":", "x"), ("-.", "P"), ("-", "*")]
LINES += [("--", "<"), (":", "p"), ("-.", "h"), ("-", "+"), ("--", "d")]  # more than there are systems
LINE_COLORS = ["#b5541c", "#2a7a4b", "#7a4f9e", "#8a6d00", "#3b6fa8", "#a03050", "#555555"]
KINDS = {  # the filling of a bar in a chart that tells systems apart by their names
    "ours": {"facecolor": OUR_COLOR},
    "thread-safe": {"facecolor": "#c9c9c9"},
    "not thread-safe": {"facecolor": "#f2f2f2", "hatch": "///"},
    "lower bound": {"facecolor": "#f2f2f2", "hatch": "..."},
}

matplotlib.rcParams.update(
    {
        "svg.hashsalt": "bufferpool",
        "svg.fonttype": "path",  # looks the same everywhere
        "font.size": 10,
        "hatch.linewidth": 0.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "figure.facecolor": "white",
    }
)


def save(figure, about, base, plot):
    """Writes <base>-<plot>.svg with the caption under it, and returns the name of the file."""
    figure.tight_layout(rect=(0, 0.25 / figure.get_figheight(), 1, 1))
    bottom = 0.08 / figure.get_figheight()
    figure.text(0.5, bottom, text.caption(about), ha="center", size=7.5, color="#444444")
    path = f"{base}-{plot}.svg"
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
    return path.rpartition("/")[2]


def plain_numbers(axis):
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.set_minor_formatter(ticker.NullFormatter())


def group_style(number, system):
    """Of one bar in each group: the hatch tells who it is."""
    if system in OURS:
        return {"color": OUR_COLOR, "edgecolor": "black"}
    number -= 1
    grey, hatch = GREYS[number % len(GREYS)], HATCHES[number % len(HATCHES)]
    return {"color": grey, "hatch": hatch, "edgecolor": "black"}


def grouped_bars(axes, groups, systems, value_of):
    """`value_of(system, group)`, or None. Log axis."""
    width = 0.84 / len(systems)
    lowest = min(filter(None, (value_of(system, group) for system in systems for group in groups)))
    for number, system in enumerate(systems):
        heights = [(place, value_of(system, group)) for place, group in enumerate(groups)]
        heights = [(place, height) for place, height in heights if height is not None]
        axes.bar(
            [place + (number - (len(systems) - 1) / 2) * width for place, _ in heights],
            [height for _, height in heights],
            width,
            label=text.system(system),
            linewidth=0.6,
            **group_style(number, system),
        )
    axes.set_xticks(range(len(groups)), [text.case(group) for group in groups])
    axes.set_yscale("log")
    axes.set_ylim(bottom=lowest / 2)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    plain_numbers(axes.yaxis)


def lying_bars(axes, systems, value_of, log=False):
    """A bar for each system, with its figure at the end. The names are on the left-most axes."""
    values = [value_of(system) for system in systems]
    known = [value for value in values if value is not None]
    for place, (system, value) in enumerate(zip(systems, values, strict=True)):
        if value is not None:
            axes.barh(place, value, 0.72, edgecolor="black", linewidth=0.6, **KINDS[kind(system)])
            axes.text(value, place, f" {text.digits(value)}", va="center", size=8)
    axes.set_ylim(len(systems) - 0.4, -0.6)
    axes.set_yticks(range(len(systems)), [text.system(system) for system in systems])
    if log:
        axes.set_xscale("log")
        room = (2 * max(known) / min(known)) ** 0.35  # for the last figure
        axes.set_xlim(min(known) / 2, max(known) * room)
        narrow = max(known) < 30 * min(known)
        axes.xaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5) if narrow else (1,), numticks=4))
        plain_numbers(axes.xaxis)
    else:
        axes.set_xlim(0, max(known) * 1.25)
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)


def explain_kinds(figure, systems):
    """Over the plot: what the fillings of lying bars mean."""
    kinds = [one for one in KINDS if one in {kind(system) for system in systems}]
    shown = [Patch(edgecolor="black", linewidth=0.6, **KINDS[one]) for one in kinds]
    figure.legend(shown, kinds, loc="upper left", ncol=len(kinds), frameon=False, fontsize=8)


def line_style(number, system):
    if system in OURS:
        line, marker = LINES[number % 2]
        return {"color": OUR_COLOR, "linestyle": line, "marker": marker, "linewidth": 2.4, "zorder": 5}
    line, marker = LINES[number % len(LINES)]
    color = LINE_COLORS[number % len(LINE_COLORS)]
    return {"color": color, "linestyle": line, "marker": marker, "linewidth": 1.3}
