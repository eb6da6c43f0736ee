#!/usr/bin/env python3
"""Checks that every header, source, test and benchmark is named in its folder's meson.build, and that every
header has a test of its name.

    check_lists.py [SOURCE_ROOT]

The lists are explicit, as meson wants them; a test that is left out of one would never run.
"""
import pathlib
import re
import sys

# (files, the meson.build that names them, as which text)
LISTS = [
    ("include/bufferpool/*.hpp", "include/meson.build", "bufferpool/{name}"),
    ("src/*.cpp", "src/meson.build", "{name}"),
    ("tests/*_test.cpp", "tests/meson.build", "{behaviour}"),
    ("include/bufferpool/*.hpp", "tests/meson.build", "{stem}"),
    ("examples/*.cpp", "examples/meson.build", "{stem}"),
    ("examples/*/meson.build", "examples/meson.build", "{folder}"),
]

# Headers that tell nothing of their own.
WITHOUT_TEST = {"atomic.hpp": "a name, for what the model checker replaces"}


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1])
    missing = []
    for pattern, listing, text in LISTS:
        code = re.sub(r"#.*", "", (root / listing).read_text())
        named = set(re.findall(r"'([^']*)'", code))
        for file in sorted(root.glob(pattern)):
            wanted = text.format(
                name=file.name,
                stem=file.stem,
                behaviour=file.stem.removesuffix("_test"),
                folder=file.parent.name,
            )
            if wanted not in named and not (listing.startswith("tests") and file.name in WITHOUT_TEST):
                missing.append(f"{file.relative_to(root)} is not in {listing}: '{wanted}'")
    for file in missing:
        print(file)
    print(f"{len(missing)} files are in no list")
    sys.exit(bool(missing))


main()
