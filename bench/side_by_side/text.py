"""Figures as people read them."""
from rows import OURS

OTHER_WAYS = {  # of using ours
    "Appender": "BufferPool, Appender",
    "BufferPool_release_idle": "BufferPool, release_idle()",
    "BufferPool_64k_slots": "BufferPool, slots of 64 KiB",
    "PoolResource_used_up": "PoolResource, its pool used up",
}


def digits(value):
    if value >= 1000:
        return f"{value:,.0f}"
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def duration(nanoseconds):
    for factor, unit in ((1e9, "s"), (1e6, "ms"), (1e4, "µs")):
        if nanoseconds >= factor:
            return f"{digits(nanoseconds / min(factor, 1e3 if unit == 'µs' else factor))} {unit}"
    return f"{digits(nanoseconds)} ns"


def quantity(value, unit):
    return duration(value) if unit == "ns" else f"{digits(value)} {unit}".strip()


def ratio(found):
    return f"{digits(found.value)}{' ~' if found.unsure else ''}"


def spread(part):
    """Behind a figure; nothing where it was measured once."""
    return "" if part is None else f" ({100 * part:.0f} %)"


def size(count):
    """64, 1 Ki, 64 Ki."""
    for factor, unit in ((1 << 20, "Mi"), (1 << 10, "Ki")):
        if count >= factor and count % factor == 0:
            return f"{count // factor} {unit}"
    return f"{count}"


def case(name):
    """The heading of a column: `1 KiB`, or `1 KiB, 8 threads`."""
    if not name:
        return ""
    count, _, rest = name.partition("/")
    text = f"{size(int(count))}{'B' if int(count) >= 1024 else ' B'}" if count.isdigit() else count
    threads = rest.removeprefix("threads:")
    return f"{text}, {threads} thread{'s' * (threads != '1')}" if rest else text


def system(name):
    """As it is called in tables and plots."""
    if name == "SystemBuffer":
        return "SystemBuffer (glibc)"
    if name == "new_delete":
        return "glibc (new)"
    if name == "new_delete_resource":
        return "new_delete_resource (glibc)"
    if name in OURS:
        return OTHER_WAYS.get(name, name)
    for bound, does in (("std_monotonic", "frees nothing"), ("virtual_calls", "one block for all")):
        name = name.replace(bound, f"{bound} ({does})")
    return name.replace("+", " + ")


def skipped(found):
    """Who is not in the tables, and how to bring them in."""
    lines = [f"skipped: {one['what']}, {one['why']}" for one in found]
    packages = sorted({one["package"] for one in found if one["package"] and not one["installed"]})
    if packages:
        lines.append(f"to bring them in: apt-get install --no-install-recommends {' '.join(packages)}")
    return lines


def caption(about):
    """Under every plot, and over the tables."""
    parts = [
        f"bufferpool {about['version']}{' (' + about['commit'] + ')' if about['commit'] else ''}",
        f"{about['cpu']}, {about['cores']} cores",
        about["compiler"],
        f"{about['rounds']} round{'s' * (about['rounds'] != 1)}",
        about["date"],
    ]
    return " · ".join(parts)
