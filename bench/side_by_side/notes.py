"""What each workload is called, what it models, and how one could win it without being any better."""
from typing import NamedTuple


class Note(NamedTuple):
    title: str
    models: str
    cheat: str


def container(title, models):
    return Note(title, models, "an allocator that frees nothing until the end")


NOTES = {
    "pair": Note(
        "A block is taken and given back",
        "the buffer of one request: taken, written, given back at once",
        "to hand out the same address again without looking, or to be inlined away",
    ),
    "burst": Note(
        "1,000 blocks are taken, and given back in random order",
        "a batch that is answered out of order, so that free blocks are scattered",
        "to give back in the order of taking, which suits a stack and nobody's server. glibc returns the top "
        "of its heap to the kernel, so its figure depends on what else is there",
    ),
    "remote": Note(
        "One thread takes, another gives back",
        "an I/O thread that reads messages, a worker that drops them",
        "to leave the blocks with the freeing thread for ever. What the queue takes, queue_alone shows",
    ),
    "threads": Note(
        "Every thread replaces random blocks of its own",
        "workers that share a heap and nothing else",
        "to let each thread time itself, which leaves out the time that it waits for a core",
    ),
    "vector_growth": container("A std::vector grows to 16 elements", "a list of unknown length, built once"),
    "boost_vector_growth": container(
        "A boost::container::vector grows to 16 elements", "the same with a container that can grow in place"
    ),
    "string_churn": container(
        "Of 100 strings, one ends and another begins", "headers and keys of mixed lengths"
    ),
    "map_churn": container("Keys of a std::map come and go", "a table of sessions"),
    "list_churn": container("Elements of a std::list come and go", "a queue of jobs"),
    "single": Note(
        "Messages are filled, frozen and dropped at once",
        "a decoder whose messages are handled before the next one is read",
        "to write to the same place for ever: MaxEfficiency does, as the lower bound",
    ),
    "multi": Note(
        "Each message is dropped by a new thread",
        "the original's own benchmark",
        "none pays: threads cost more than memory",
    ),
    "multi_wait": Note(
        "Each message is dropped by a new thread, awaited", "the same, in lock-step", "as multi"
    ),
    "handoff": Note(
        "Messages go to four waiting threads",
        "a proxy's I/O thread and its workers",
        "to share the filling thread's core with the workers, which would measure the scheduler",
    ),
    "proxy": Note(
        "A proxy's traffic over a thousand connections",
        "messages of mixed lengths arrive in pieces and are kept by another thread for a while. Our pool has "
        "slots of 16 KiB, the best of what we tried, and in one row of 64 KiB, which is the default",
        "to keep each connection its own buffer for ever, or to know a length before its header came",
    ),
    "idle": Note(
        "Connections that wait",
        "the many connections of a proxy that are silent",
        "to count connections that never had a message, or not to count the pool that all share",
    ),
    "fragmentation": Note(
        "Memory that kept messages pin",
        "some messages are kept long, and pin the slots that they lie in",
        "to keep all messages equally long, so that slots become free together",
    ),
    "scale": Note(
        "A slot is taken and given back, in pools of any size and load",
        "a pool that was made large for the worst hour",
        "to give back at once what the next allocation finds: the free slots are scattered. Where no more "
        "than 64 are free, one magazine holds them all, and hides that. Of 8 slots 7 are taken at 90 and 99 %",
    ),
    "scale_blocks": Note(
        "Blocks of a resource, in pools of any size of which half is taken",
        "containers beside the messages of many connections",
        "a burst that a magazine holds: here 3,000 blocks come and go",
    ),
    "full": Note(
        "Nothing is free",
        "the moment before upstream is asked. We keep a count that is looked at first",
        "a pool that says so while a slot is free",
    ),
    "latency": Note(
        "How long single operations take",
        "what the unlucky request sees",
        "to time many operations at once, which hides the slow ones. The clock's own time is in each",
    ),
    "scratch": Note(
        "Blocks of 8 bytes passed on to other threads, which write them",
        "passive false sharing: objects that one thread made and others use (Hoard's cache-scratch)",
        "to give every block a cache line: own_lines does, as the lower bound",
    ),
    "thrash": Note(
        "Threads take blocks of 8 bytes and write them",
        "active false sharing: two threads' blocks in one cache line (Hoard's cache-thrash)",
        "as scratch",
    ),
}


def note_of(workload):
    return NOTES.get(workload, Note(workload, "not described yet", "not described yet"))


MEASURES = {  # the name of a measure, and its unit
    "time": ("time", "ns"),
    "p50_ns": ("p50", "ns"),
    "p90_ns": ("p90", "ns"),
    "p99_ns": ("p99", "ns"),
    "p999_ns": ("p99.9", "ns"),
    "p9999_ns": ("p99.99", "ns"),
    "peak_resident_mib": ("peak resident", "MiB"),
    "resident_over_live": ("resident / live", ""),
    "bytes_per_connection": ("memory a connection", "bytes"),
    "mean_pinned_over_live": ("pinned / live, mean", ""),
    "peak_pinned_over_live": ("pinned / live, peak", ""),
}
