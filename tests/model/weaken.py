#!/usr/bin/env python3
"""Weakens each memory order of the library by one step, and says which model notices.

Nothing is rebuilt: the checker's atomic knows where it is called, and uses another order there. The table
has a row for each step of each order; one that no model notices needs an argument, in UNNOTICED below.
Exits with 1 when a row has neither, or when an argument belongs to a row that a model does notice.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

STEPS = {
    "acq_rel": ["acquire", "release"],
    "acquire": ["relaxed"],
    "release": ["relaxed"],
}


def steps_of(operation, order):
    """The orders one step weaker than `order`."""
    if order == "seq_cst":
        return [{"load": "acquire", "store": "release"}.get(operation, "acq_rel")]
    return STEPS[order]


NUMBER = "Only that no number is given twice matters, and that is the modification order's."

# (function, operation, weaker order): why it cannot matter.
UNNOTICED = {
    ("add", "fetch_or", "release"): (
        "add() looks at nothing afterwards. SlabTable::give() may see too early that its slab is not all free, and "
        "leave it: it has added the slab to may_be_free(), and whoever frees another word does, too."
    ),
    ("remove", "fetch_and", "acquire"): (
        "remove() publishes nothing: who adds later adds whatever the remover did."
    ),
    ("note_full", "fetch_or", "acquire"): (
        "note_free() looks at nothing after its clear, so there is nobody to publish to."
    ),
    ("note_full", "fetch_and", "relaxed"): (
        "A read-modify-write goes on with the release sequence of every note_free() before it; and what it "
        "publishes itself, a word that is not full, whoever gave to the word publishes with its own clear."
    ),
    ("note_free", "fetch_and", "release"): "note_free() looks at nothing afterwards.",
    ("claim", "compare_exchange_strong", "release"): (
        "A ticket is written to the word once, so the exchange reads the store that get() read with acquire. "
        "A zero may be a later one, but an owner in between had the same index, whose bit it gave back with "
        "release and the claimer took with acquire."
    ),
    ("next_array_number", "fetch_add", "acq_rel"): NUMBER,
    ("claim_ticket", "fetch_add", "acq_rel"): NUMBER,
    ("PoolCore", "fetch_add", "acq_rel"): NUMBER,
    ("next_list_id", "fetch_add", "acq_rel"): NUMBER,
    ("set_failure_handler", "exchange", "acq_rel"): (
        "One word: that a handler comes with what it reads needs no more, as failure_handler_set_against_failure shows."
    ),
    ("fail", "load", "acquire"): "As set_failure_handler().",
}

ORDER = re.compile(r"memory_order_(acq_rel|acquire|release|seq_cst)")
CALL = re.compile(r"(?:\.|->)(load|store|exchange|fetch_\w+|compare_exchange_\w+)\(")
DECLARED = re.compile(r"\bAtomic<[^;()]*>[&*]?\s+(\w+)")
FUNCTION = re.compile(r"^(?!\s*(?:\}|//|return|if|for|while)).*?(\w+)\([^;]*$")


def statement_of(lines, at):
    """The lines of the statement in which line `at` stands."""
    first = at
    while first > 0 and not re.search(r"[;{}]\s*(//.*)?$|^\s*//", lines[first - 1]):
        first -= 1
    last = at
    while not lines[last].rstrip().endswith((";", "{", "}")):
        last += 1
    return first, last


def function_of(lines, at):
    """The function in which line `at` stands: the last line before it that begins one."""
    for line in reversed(lines[: at + 1]):
        match = FUNCTION.match(line)
        if match and ("noexcept" in line or re.match(r"\S", line)):
            return match.group(1)
    return "?"


def sites(root):
    """(file, first line, last line, function, operation, order) of each order that is not relaxed."""
    files = sorted((root / "include/bufferpool").glob("*.hpp")) + sorted(root.glob("src/*.cpp"))
    declared = {name for file in files for name in DECLARED.findall(file.read_text())}
    by_default = re.compile(
        rf"\b(?:{'|'.join(sorted(declared))})(?:\[\w+\])?\.(load|store|exchange|fetch_\w+|compare_exchange_\w+)\("
    )
    for file in files:
        lines = file.read_text().splitlines()
        for at, line in enumerate(lines):
            code = line.split("//")[0]
            for match in [*ORDER.finditer(code), *by_default.finditer(code)]:
                first, last = statement_of(lines, at)
                statement = " ".join(lines[first : last + 1])
                spelled_out = "memory_order" in statement
                if spelled_out != (match.re is ORDER):
                    continue
                operation = CALL.search(statement).group(1) if spelled_out else match.group(1)
                order = match.group(1) if spelled_out else "seq_cst"
                place = (first, last) if spelled_out else (at, at)
                yield file.name, *place, function_of(lines, at), operation, order


def noticed_by(model, site, weaker):
    """Which model failed, if any, and whether a model ran the operation at all."""
    file, first, last, *_ = site
    weakening = f"{file}:{first + 1}-{last + 1}={weaker}"
    run = subprocess.run(
        [model, "run", "--until-failure", "--weaken", weakening], capture_output=True, text=True
    )
    failed = [line.split()[0] for line in run.stdout.splitlines() if " FAILED " in line]
    if run.returncode not in (0, 1) or bool(failed) != (run.returncode == 1):
        sys.exit(f"{weakening}: {run.stdout}{run.stderr}")
    return failed[0] if failed else None, "matched no atomic operation" not in run.stderr


def existing_file(name):
    if not pathlib.Path(name).is_file():
        raise argparse.ArgumentTypeError(f"no file {name}; build it with: ninja -C BUILD tests/model/model")
    return pathlib.Path(name).resolve()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=existing_file, help="the checker: BUILD/tests/model/model")
    model, root = parser.parse_args().model, pathlib.Path(__file__).parents[2]
    if subprocess.run([model, "run", "--until-failure"], capture_output=True).returncode != 0:
        sys.exit("a model fails without any weakening: mend that first")
    steps = [(site, weaker) for site in sites(root) for weaker in steps_of(*site[-2:])]
    problems = 0
    unused = set(UNNOTICED)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        notices = pool.map(lambda step: noticed_by(model, *step), steps)
        for ((file, first, _, function, operation, order), weaker), (model_name, is_run) in zip(steps, notices):
            key = (function, operation, weaker)
            argument = UNNOTICED.get(key)
            verdict = f"noticed by {model_name}" if model_name else argument or "NOT NOTICED"
            if model_name and key in UNNOTICED:
                verdict += ", though it is argued that it cannot matter"
            if not is_run:
                verdict = f"no model runs it. {verdict}"
            problems += model_name is None and argument is None or bool(model_name and argument)
            unused.discard(key)
            step = f"{order} -> {weaker}"
            print(f"{file}:{first + 1:<4} {function:<20} {operation:<24} {step:<20} {verdict}", flush=True)
    for key in sorted(unused):
        print(f"an argument for what is not there: {key}")
    print(f"{problems + len(unused)} problems")
    sys.exit(bool(problems or unused))


main()
