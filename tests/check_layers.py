#!/usr/bin/env python3
"""Checks that a file includes only files of lower layers, and that what has one home stays there.

    check_layers.py [SOURCE_ROOT]

A source x.cpp has the layer of x.hpp, which it may include, unless it stands in the table itself.
"""
import pathlib
import re
import sys

# The one table. A row is a layer, the lowest first.
LAYERS = [
    ["bits.hpp", "atomic.hpp", "annotate.hpp", "buffer.hpp", "pool_options.hpp", "slot_index.hpp",
     "size_class.hpp", "allocation_chain.hpp"],
    ["failure.hpp", "block_stats.hpp", "fork_mutex.hpp"],
    ["region.hpp", "atomic_bitmap.hpp", "live_count.hpp", "upstream_block.hpp"],
    ["hint_set.hpp", "thread_ticket.hpp", "magazine.hpp", "quarantine.hpp", "upstream_list.hpp",
     "slot_keepers.hpp"],
    ["thread_owned.hpp", "slot_cache.hpp", "block_cells.hpp"],
    ["block_cache.hpp"],
    ["chunk.hpp"],
    ["pool_core.hpp"],
    ["pool_layout.hpp", "pool_magazines.cpp", "pool_runs.cpp", "pool_stats.cpp", "chunk.cpp"],
    ["pool_create.cpp"],
    ["slot_pool.hpp", "slab_table.hpp"],
    ["slab_table_release.cpp", "block_gatherer.hpp", "slice.hpp", "fill_cursor.hpp", "block_heap.hpp"],
    ["block_heap_magazines.cpp", "block_heap_growth.cpp", "block_heap_layout.cpp",
     "block_heap_quarantine.cpp", "block_heap_stats.cpp", "basic_buffer.hpp", "pool_resource.hpp"],
    ["pool_allocator.hpp"],
    ["buffer_pool.hpp", "system_buffer.hpp", "boost_resource.hpp"],
    ["bufferpool.hpp"],
]

# What may stand only in some files: (what, pattern, files).
ONLY_IN = [
    (
        "memory_order",
        re.compile(r"memory_order"),
        {
            "include/bufferpool/atomic_bitmap.hpp",
            "include/bufferpool/live_count.hpp",
            "src/atomic_bitmap.cpp",
        },
    ),
    (
        "an atomic that the model checker cannot replace",
        re.compile(r"std::\s*atomic|\b__atomic_|\b__sync_|#\s*include\s*<atomic>"),
        {"include/bufferpool/atomic.hpp"},
    ),
    (
        "Boost",
        re.compile(r'#\s*include\s*[<"]boost/'),
        {"include/bufferpool/boost_resource.hpp", "src/boost_resource.cpp"},
    ),
]

LAYER_OF = {name: layer for layer, row in enumerate(LAYERS) for name in row}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
COMMENT = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def without_comments(text):
    def blank(match):
        found = match.group()
        return found if found.startswith('"') else "\n" * found.count("\n")

    return COMMENT.sub(blank, text)


def name_in_table(path):
    name = path.removeprefix("include/bufferpool/").removeprefix("src/")
    return name if name in LAYER_OF else re.sub(r"\.cpp$", ".hpp", name)


def included_header(quote, name):
    """The header of ours that is included, or None: another library's."""
    if name.startswith("bufferpool/"):
        return name.removeprefix("bufferpool/")
    return name if quote == '"' else None


def problems_in(path, text):
    own = name_in_table(path)
    if own not in LAYER_OF:
        yield f"{path}:1: {own} is in no layer; add it to LAYERS in tests/check_layers.py"
        return
    for number, line in enumerate(without_comments(text).splitlines(), 1):
        for what, pattern, files in ONLY_IN:
            if pattern.search(line) and path not in files:
                yield f"{path}:{number}: {what} may stand only in {', '.join(sorted(files))}"
        match = INCLUDE.match(line)
        other = match and included_header(*match.groups())
        if not other or (other == own and path.endswith(".cpp")):
            continue
        if other not in LAYER_OF:
            yield f"{path}:{number}: includes {other}, which is in no layer"
        elif LAYER_OF[other] >= LAYER_OF[own]:
            yield (
                f"{path}:{number}: {own} (layer {LAYER_OF[own]}) includes "
                f"{other} (layer {LAYER_OF[other]})"
            )


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1])
    files = [
        file
        for folder in ("include", "src")
        for file in sorted((root / folder).rglob("*"))
        if file.suffix in {".hpp", ".h", ".cpp", ".cc", ".ipp"}
    ]
    if not files:
        sys.exit(f"no source below {root}")
    problems = [
        problem
        for file in files
        for problem in problems_in(str(file.relative_to(root)), file.read_text())
    ]
    for problem in problems:
        print(problem)
    print(f"{len(files)} files, {len(problems)} problems")
    sys.exit(bool(problems))


main()
