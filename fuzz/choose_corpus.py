#!/usr/bin/env python3
"""Chooses the few inputs that cover the most, and puts them into fuzz/corpus/TARGET instead of what is there.

    choose_corpus.py TARGET [FILES]      FILES: at most so many, 15 unless told

Few, because `meson test` replays them in every build. From that folder and what fuzz/run.sh has learnt.
What has a name, and not a hash, was written by hand and stays.
"""
import hashlib
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "fuzz"
MOST_BYTES_EACH = 4096
HASH = re.compile("[0-9a-f]{12}")


def features_by_file(program, folders):
    """What each input covers, as libFuzzer notes it down for a merge."""
    with tempfile.TemporaryDirectory() as scratch:
        notes = pathlib.Path(scratch, "notes")
        merged = pathlib.Path(scratch, "merged")
        merged.mkdir()
        subprocess.run(
            [program, "-set_cover_merge=1", f"-merge_control_file={notes}", merged, *folders],
            check=True,
            stderr=subprocess.DEVNULL,
        )
        lines = notes.read_text().splitlines()
    files = lines[2 : 2 + int(lines[0])]
    covered = {}
    for line in lines[2 + len(files) :]:
        what, number, *features = line.split()
        if what == "FT":
            covered[pathlib.Path(files[int(number)])] = set(features)
    return covered


def choose(covered, most_files):
    """Always the file that adds most, of those the shortest."""
    chosen, seen = [], set()
    while len(chosen) < most_files:
        best = max(covered, key=lambda file: (len(covered[file] - seen), -file.stat().st_size))
        if not covered[best] - seen:
            break
        chosen.append(best)
        seen |= covered[best]
    return chosen, len(seen)


def main():
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    target = sys.argv[1]
    most_files = int(sys.argv[2]) if len(sys.argv) > 2 else 15
    program, learnt = BUILD / "fuzz" / f"fuzz_{target}", BUILD / "corpus" / target
    if not program.exists() or not learnt.exists():
        sys.exit(f"first: fuzz/run.sh {target} 60")
    corpus = ROOT / "fuzz" / "corpus" / target
    covered = features_by_file(program, [corpus, learnt])
    covered = {
        file: features
        for file, features in covered.items()
        if file.stat().st_size <= MOST_BYTES_EACH and (file.parent != corpus or HASH.fullmatch(file.name))
    }
    everything = len(set().union(*covered.values()))
    chosen, features = choose(covered, most_files)
    inputs = [file.read_bytes() for file in chosen]
    for old in corpus.iterdir():
        if HASH.fullmatch(old.name):
            old.unlink()
    for data in inputs:
        (corpus / hashlib.sha1(data).hexdigest()[:12]).write_bytes(data)
    size = sum(map(len, inputs))
    print(f"{target}: {len(inputs)} files, {size} bytes, {features} of {everything} features")


main()
