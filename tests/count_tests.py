#!/usr/bin/env python3
"""Prints 'N passed, N failed, N skipped' for the last `meson test` of one or more builds, and why they were.

    count_tests.py BUILD_ROOT...

A GoogleTest program counts as the cases in it; one that failed without saying which, or that
crashed, as one failure. Exits with 1 when something failed or nothing ran.
"""
import collections
import json
import pathlib
import sys
import xml.etree.ElementTree


FAILED = {"FAIL", "ERROR", "TIMEOUT", "INTERRUPT", "UNEXPECTEDPASS"}
COUNTED = ("tests", "failures", "errors", "skipped", "disabled")


def short_name(name):
    """Meson's "project:suite / test" without the first two."""
    return name.split(" / ")[-1]


def last_line(text):
    lines = (text or "").strip().splitlines()
    return lines[-1].strip() if lines else "no reason is given"


def cases_by_test(logs, reasons):
    """How many cases of each GoogleTest program failed, were skipped, and so on."""
    cases = collections.defaultdict(collections.Counter)
    for suite in xml.etree.ElementTree.parse(logs / "testlog.junit.xml").iter("testsuite"):
        # "project.test.GoogleTestSuite"; the other programs stand together under "project".
        project, *rest = suite.get("name").split(".")
        if rest:
            test = short_name(".".join(rest[:-1]))
            cases[test].update({what: int(suite.get(what, 0)) for what in COUNTED})
            reasons.update(last_line(skipped.get("message")) for skipped in suite.iter("skipped"))
    return cases


def count(build, reasons):
    """Of one build; adds to `reasons` how often what was skipped for which."""
    total = collections.Counter()
    logs = pathlib.Path(build, "meson-logs")
    cases = cases_by_test(logs, reasons)
    for line in (logs / "testlog.json").read_text().splitlines():
        run = json.loads(line)
        inner = cases.get(short_name(run["name"]))
        failed = inner["failures"] + inner["errors"] if inner else 0
        if run["result"] in FAILED and not failed:
            total["failed"] += 1  # a crash: there are no cases
        elif inner:
            skipped = inner["skipped"] + inner["disabled"]
            total["failed"] += failed
            total["skipped"] += skipped
            total["passed"] += inner["tests"] - failed - skipped
        else:
            skipped = run["result"] == "SKIP"
            total["skipped" if skipped else "passed"] += 1
            if skipped:
                reasons[last_line(run.get("stdout"))] += 1
    return total


def main():
    total, reasons = collections.Counter(), collections.Counter()
    for build in sys.argv[1:]:
        total.update(count(build, reasons))
    for reason, times in reasons.most_common():
        print(f"{times:>6} skipped: {reason}")
    line = f"{total['passed']} passed, {total['failed']} failed"
    if total["skipped"]:
        line += f", {total['skipped']} skipped"
    print(line)
    sys.exit(bool(total["failed"]) or not total["passed"])


main()
