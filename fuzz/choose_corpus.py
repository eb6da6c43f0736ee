#!/usr/bin/env python3
"""Chooses the few inputs that cover the most, and puts them into fuzz/corpus/TARGET instead of what is there.

    choose_corpus.py TARGET [FILES]      FILES: at most so many, 15 unless told

Few, because `meson test` replays them in every build. From that folder and what fuzz/run.sh has learnt.
What has a name, and not a hash, was written by hand and stays.
"""
import argparse
import hashlib
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "fuzz"
CORPORA = ROOT / "fuzz" / "corpus"
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


def at_least_one(given):
    if not re.fullmatch("0*[1-9][0-9]*", given):
        raise argparse.ArgumentTypeError(f"at least 1 file, not '{given}'")
    return int(given)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    targets = sorted(folder.name for folder in CORPORA.iterdir() if folder.is_dir())
    parser.add_argument("target", metavar="TARGET", choices=targets, help=", ".join(targets))
    parser.add_argument("files", metavar="FILES", nargs="?", type=at_least_one, default=15, help="15 unless told")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    target = arguments.target
    program, learnt = BUILD / "fuzz" / f"fuzz_{target}", BUILD / "corpus" / target
    if not program.exists() or not learnt.exists():
        sys.exit(f"first: fuzz/run.sh {target} 60")
    corpus = CORPORA / target
    covered = features_by_file(program, [corpus, learnt])
    covered = {
        file: features
        for file, features in covered.items()
        if file.stat().st_size <= MOST_BYTES_EACH and (file.parent != corpus or HASH.fullmatch(file.name))
    }
    everything = len(set().union(*covered.values()))
    chosen, features = choose(covered, arguments.files)
    inputs = [file.read_bytes() for file in chosen]
    for old in corpus.iterdir():
        if HASH.fullmatch(old.name):
            old.unlink()
    for data in inputs:
        (corpus / hashlib.sha1(data).hexdigest()[:12]).write_bytes(data)
    size = sum(map(len, inputs))
    print(f"{target}: {len(inputs)} files, {size} bytes, {features} of {everything} features")


main()
