"""What the name of a row says: the workload, the system, and the case, such as the size of the blocks."""
import re
from typing import NamedTuple

SUFFIX = re.compile(r"/(?:iterations|repeats|min_time|min_warmup_time):[^/]*$|/(?:real|process|manual)_time$")

OURS = {"PoolResource", "PoolResource_used_up", "PoolAllocator"} | {
    "BufferPool",
    "BufferPool_release_idle",
    "BufferPool_64k_slots",
    "Appender",
}
# These do less than an allocator has to do, so nobody can lose to them.
LOWER_BOUNDS = {"std_monotonic", "virtual_calls", "queue_alone", "MaxEfficiency", "own_lines"}
NOT_THREAD_SAFE = {
    "std_unsynchronized",
    "boost_unsynchronized",
    "boost_pool",
    "foonathan_pool",
    "foonathan_collection",
}
# Whose memory comes from whatever malloc is preloaded.
HEAPS = {"new_delete", "new_delete_resource", "SystemBuffer"}

# Timed by the processor: one thread does all the work. The others by the clock on the wall.
ONE_THREAD = {
    "pair",
    "burst",
    "single",
    "vector_growth",
    "boost_vector_growth",
    "string_churn",
    "map_churn",
    "list_churn",
    "scale",
    "scale_blocks",
    "full",
}
OF_BUFFERS = {"single", "multi", "multi_wait", "handoff", "proxy", "idle", "fragmentation"}
WITHOUT_REFERENCE = {"scale", "scale_blocks", "full"}


class Row(NamedTuple):
    workload: str
    system: str
    case: str  # "1024", "1024/threads:8", or nothing

    @property
    def name(self):
        return "/".join(part for part in self if part)

    @property
    def clock(self):
        return "cpu_time" if self.workload in ONE_THREAD else "real_time"

    @property
    def reference(self):
        """The row of ours that this one is compared with, or None."""
        if self.workload in WITHOUT_REFERENCE:
            return None
        if self.workload == "fragmentation":  # whatever the other's region, against our usual slots
            return Row("fragmentation", "BufferPool", "65536")
        return self._replace(system="BufferPool" if self.workload in OF_BUFFERS else "PoolResource")


def plain_name(name):
    """Without what Google Benchmark adds to it."""
    while SUFFIX.search(name):
        name = SUFFIX.sub("", name)
    return name


def parse(name, allocator=None):
    """The row of that name, measured with `allocator` preloaded."""
    workload, system, *case = plain_name(name).split("/") + [""] * (name.count("/") == 0)
    if workload == "single_appender":
        workload, system = "single", "Appender"
    if allocator:
        system = allocator if system == "new_delete" else f"{system}+{allocator}"
    return Row(workload, system, "/".join(case))


def by_case(case):
    """Sorts 64 before 1024, and that before 1024/threads:2."""
    return [int(number) for number in re.findall(r"\d+", case)]


def kind(system):
    if system in OURS:
        return "ours"
    if system in LOWER_BOUNDS:
        return "lower bound"
    return "not thread-safe" if system in NOT_THREAD_SAFE else "thread-safe"
