#!/usr/bin/env python3
"""What is made of samples, with made-up samples: no benchmark is run, no plot drawn."""
import subprocess
import sys
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent))
import machine  # noqa: E402
import markdown  # noqa: E402
import plan  # noqa: E402
import results  # noqa: E402
import targets  # noqa: E402
import text  # noqa: E402
from measure import Progress, Samples  # noqa: E402
from rows import Row, kind, parse, plain_name  # noqa: E402
from summary import Summary, ratio_of  # noqa: E402

ABOUT = {
    "machine": "made-up-2-cores",
    "version": "1.2.3",
    "commit": None,
    "cpu": "Made-up",
    "cores": 2,
    "kernel": "Linux 6",
    "compiler": "gcc 12",
    "date": "2026-01-01",
    "cores_in_use_at_start": 0.1,
    "compared": {"glibc": "2.36"},
    "rounds": 3,
    "quick": True,
    "instructions": "",
    "skipped": [],
}


def row_of(name):
    workload, system, *case = name.split("/", 2)
    return Row(workload, system, "".join(case))


def samples_of(times, counters=None):
    """From the names of rows to their times in three rounds."""
    samples = Samples(3)
    samples.times_ns = {row_of(name): values for name, values in times.items()}
    samples.counters = {row_of(name): values for name, values in (counters or {}).items()}
    return samples


def summary_of(times, counters=None):
    return Summary(samples_of(times, counters))


def document_of(times, counters=None, **about):
    summary = summary_of(times, counters)
    return markdown.document(ABOUT | about, summary, targets.judge(summary), [])


class Measuring(unittest.TestCase):
    def test_a_row_is_measured_once_a_round(self):
        samples = Samples(2)
        found = {"name": "pair/A/64", "cpu_time": 1, "real_time": 1, "time_unit": "ns"}
        samples.add(0, None, found)
        samples.add(1, None, found)
        with self.assertRaises(AssertionError):
            samples.add(1, None, found)

    def test_a_program_that_does_not_start_says_why(self):
        with TemporaryDirectory() as folder:
            program = Path(folder) / "x_bench"
            program.write_text("#!/bin/sh\necho no huge pages >&2\nexit 77\n")
            program.chmod(0o755)
            with self.assertRaisesRegex(plan.DoesNotStart, "no huge pages"):
                plan.rows_of(plan.Program("x_bench", ".*", brings="x"), program)

    def test_a_program_for_one_system_has_its_rows_only(self):
        with TemporaryDirectory() as folder:
            program = Path(folder) / "x_bench"
            program.write_text("#!/bin/sh\necho pair/x/64; echo pair/PoolResource/64\n")
            program.chmod(0o755)
            self.assertEqual(plan.rows_of(plan.Program("x_bench", ".*", brings="x"), program), ["pair/x/64"])


class Arguments(unittest.TestCase):
    def test_are_checked_without_a_run(self):
        with TemporaryDirectory() as folder:
            usual = f"--output={folder}"
            for arguments, status in [
                ([usual, "--only=^pair/"], 0),
                ([usual, "--only=("], 2),
                ([usual, "--rounds=0"], 2),
                ([f"--output={__file__}"], 2),
            ]:
                command = [sys.executable, Path(__file__).parent, "--check", *arguments]
                self.assertEqual(subprocess.run(command, capture_output=True).returncode, status, arguments)


class Rows(unittest.TestCase):
    def test_suffixes_are_stripped(self):
        self.assertEqual(plain_name("remote/x/16/iterations:1/real_time"), "remote/x/16")
        self.assertEqual(plain_name("proxy/BufferPool/iterations:1/manual_time"), "proxy/BufferPool")
        self.assertEqual(plain_name("idle/x/10/process_time"), "idle/x/10")
        self.assertEqual(parse("threads/new_delete/64/threads:8/real_time").case, "64/threads:8")

    def test_a_preloaded_heap_is_named_after_the_allocator(self):
        self.assertEqual(parse("pair/new_delete/64", "jemalloc"), Row("pair", "jemalloc", "64"))
        self.assertEqual(parse("single/SystemBuffer", "mimalloc"), Row("single", "SystemBuffer+mimalloc", ""))
        self.assertEqual(
            parse("pair/new_delete_resource/64", "mimalloc"), Row("pair", "new_delete_resource+mimalloc", "64")
        )

    def test_work_of_one_thread_is_timed_by_the_processor(self):
        workloads = ["pair", "scale", "map_churn", "remote", "proxy", "threads", "latency"]
        clocks = [parse(f"{workload}/x/64").clock for workload in workloads]
        self.assertEqual(clocks, ["cpu_time"] * 3 + ["real_time"] * 4)

    def test_kinds(self):
        self.assertEqual(kind("SystemBuffer+jemalloc"), "thread-safe")
        self.assertEqual(kind("boost_pool"), "not thread-safe")
        self.assertEqual(kind("std_monotonic"), "lower bound")


class Planning(unittest.TestCase):
    def test_what_is_asked_for_comes_with_what_it_is_compared_with(self):
        names = ["pair/PoolResource/64", "pair/PoolResource/1024", "pair/new_delete/64", "burst/x/64"]
        found = plan.chosen_rows(plan.PROGRAMS[0], names, False, plan.re.compile("^pair/new_delete"))
        self.assertEqual(found, ["pair/PoolResource/64", "pair/new_delete/64"])

    def test_a_filter_matches_its_rows_and_no_others(self):
        rows = ("pair/A/64", "pair/A/1024", "pair/B/64", "pair/B/1024", "remote/A/16/real_time", "single/A")
        pattern = plan.re.compile(plan.Job(Path("x"), rows).filter)
        self.assertTrue(all(pattern.search(row) for row in rows))
        others = ("pair/A/6", "pair/C/64", "pair/A/16", "remote/A/16", "remote/B/16/real_time", "single/A/64")
        self.assertFalse(any(pattern.search(row) for row in others))

    def test_only_heap_rows_are_run_with_an_allocator_preloaded(self):
        names = ["proxy/BufferPool", "proxy/new_delete", "fragmentation/original_rule/64"]
        jobs = plan.jobs_of(plan.Program("t", ".*", True), Path("t"), names, {"jemalloc": "lib"})
        preloaded = [job.rows for job in jobs if job.allocator == "jemalloc"]
        self.assertEqual(preloaded, [("proxy/new_delete",)])
        self.assertEqual([job.once for job in jobs], [False, False, True, False])

    def test_what_is_run_once_is_left_out_of_the_later_rounds(self):
        jobs = [plan.Job(Path("a"), ("pair/x/1",)), plan.Job(Path("a"), ("idle/x/1",), once=True)]
        self.assertEqual(Progress(jobs, 3).total, 4)


class Ratios(unittest.TestCase):
    def test_are_taken_within_rounds(self):
        # The machine is twice as slow in the second round, for both.
        found = ratio_of([20, 40, 20], [10, 20, 10])
        self.assertEqual((found.value, found.spread), (2, 0))

    def test_spread_is_the_distance_of_the_quartiles(self):
        found = ratio_of([10, 20, 30, 40, 50], [10, 10, 10, 10, 10])
        self.assertEqual(found.value, 3)
        self.assertAlmostEqual(found.spread, 2 / 3)

    def test_leave_out_rounds_that_one_of_them_lacks(self):
        self.assertEqual(ratio_of([20, None, 20], [10, 10, None]).value, 2)
        self.assertIsNone(ratio_of([None], [10]))

    def test_are_unsure_when_the_spread_is_wider_than_the_lead(self):
        self.assertTrue(ratio_of([10, 11, 12], [10, 10, 10]).unsure is False)  # 9 % against 10 %
        self.assertTrue(ratio_of([9, 11, 13], [10, 10, 10]).unsure)
        found = document_of({"pair/PoolResource/64": [10, 10, 10], "pair/jemalloc/64": [9, 11, 13]})
        self.assertIn("| jemalloc | 1.10 ~ (18 %) |", found)

    def test_unsure_ratios_are_neither_wins_nor_losses(self):
        summary = summary_of(
            {
                "pair/PoolResource/64": [10, 10, 10],
                "pair/jemalloc/64": [9, 11, 13],
                "pair/mimalloc/64": [20, 20, 20],
                "pair/tcmalloc/64": [8, 8, 8],
                "pair/boost_pool/64": [1, 1, 1],
            }
        )
        standing = summary.standing("pair", "time")
        self.assertEqual((standing.wins, standing.even, standing.losses), (1, 1, 1))
        self.assertEqual(standing.next_best.system, "tcmalloc")
        self.assertFalse(standing.first)

    def test_nobody_is_first_where_the_best_two_are_even(self):
        found = document_of({"multi/BufferPool": [10, 10, 10], "multi/SystemBuffer": [8, 9, 12]})
        self.assertIn("| even | 0.90 ~ (SystemBuffer (glibc)) | 0 / 1 / 0 |", found)

    def test_somebody_who_is_surely_faster_is_first_before_one_who_may_be(self):
        times = {"PoolResource": [10, 10, 10], "jemalloc": [5, 8, 10], "tcmalloc": [8.4, 8.5, 8.6]}
        found = document_of({f"pair/{system}/64": values for system, values in times.items()})
        self.assertIn("| tcmalloc | 0.85 (tcmalloc) | 0 / 1 / 1 |", found)

    def test_spread_stands_behind_every_figure_that_was_measured_more_than_once(self):
        found = document_of({"scale/SlotPool/8/50": [9, 10, 11], "scale/SlotPool/64/50": [10, None, None]})
        self.assertIn("| 8 slots | 10.0 ns (10 %) |", found)
        self.assertIn("| 64 slots | 10.0 ns |", found)


class Losses(unittest.TestCase):
    def test_are_listed_by_kind_and_lower_bounds_are_not(self):
        found = document_of(
            {
                "pair/PoolResource/64": [10, 10, 10],
                "pair/tcmalloc/64": [8, 8, 8],
                "pair/boost_pool/64": [5, 5, 5],
                "pair/std_monotonic/64": [1, 1, 1],
                "pair/jemalloc/64": [30, 30, 30],
            }
        )
        losses = found[found.index("## Where bufferpool loses") : found.index("## pair")]
        safe, single = losses.split("To pools for a single thread")
        self.assertIn("- `pair`: tcmalloc (64 B: 0.80)", safe)
        self.assertIn("- `pair`: boost_pool (64 B: 0.50)", single)
        self.assertNotIn("std_monotonic", losses)
        self.assertNotIn("jemalloc", losses)

    def test_of_memory_count_too(self):
        counters = {
            "proxy/BufferPool": {"peak_resident_mib": [20, 20, 20]},
            "proxy/SystemBuffer": {"peak_resident_mib": [10, 10, 10]},
        }
        found = document_of({"proxy/BufferPool": [1, 1, 1], "proxy/SystemBuffer": [2, 2, 2]}, counters)
        self.assertIn("- `proxy`, peak resident: SystemBuffer (glibc) (0.50)", found)


def blocks(workload, **times):
    return {f"{workload}/{system}/1024": [time] * 3 for system, time in times.items()}


class Targets(unittest.TestCase):
    def verdicts(self, times, counters=None):
        return [target.met for target in targets.judge(summary_of(times, counters))]

    def test_blocks_are_met_missed_or_not_judged(self):
        self.assertEqual(
            self.verdicts(blocks("pair", PoolResource=10, jemalloc=20, tcmalloc=9)), [True, None, False]
        )

    def test_an_even_one_is_not_met(self):
        times = {"pair/PoolResource/64": [10, 10, 10], "pair/jemalloc/64": [7, 11, 15]}
        self.assertEqual(self.verdicts(times), [False, None, None])

    def test_blocks_below_64_bytes_have_none(self):
        self.assertEqual(self.verdicts({"pair/PoolResource/16": [9] * 3, "pair/jemalloc/16": [8] * 3}), [])

    def test_remote_is_against_the_best_of_all(self):
        self.assertEqual(
            self.verdicts(blocks("remote", PoolResource=10, jemalloc=90, mimalloc=29, tcmalloc=90)), [False]
        )
        self.assertEqual(
            self.verdicts(blocks("remote", PoolResource=10, jemalloc=90, mimalloc=31, tcmalloc=90)), [True]
        )
        self.assertEqual(self.verdicts(blocks("remote", PoolResource=10, jemalloc=90)), [None])

    def proxy(self, our_mib):
        heaps = ["new_delete", "jemalloc", "mimalloc", "tcmalloc", "SystemBuffer"]
        heaps += [f"SystemBuffer+{allocator}" for allocator in plan.ALLOCATORS]
        times = {f"proxy/{heap}": [16 + n] * 3 for n, heap in enumerate(heaps)}
        times["proxy/BufferPool"] = [10] * 3
        counters = {name: {"peak_resident_mib": [50] * 3} for name in times}
        counters["proxy/BufferPool"] = {"peak_resident_mib": [our_mib] * 3}
        return self.verdicts(times, counters)

    def test_proxy_is_judged_by_time_and_memory(self):
        self.assertEqual(self.proxy(50), [True, True])
        self.assertEqual(self.proxy(51), [True, False])

    def test_scale_is_flat_if_no_size_takes_long(self):
        times = {"scale/SlotPool/8/50": [14] * 3, "scale/SlotPool/64/50": [10] * 3}
        times |= {"scale/SlotPool/1048576/50": [15] * 3}
        self.assertEqual(self.verdicts(times), [True])
        self.assertEqual(self.verdicts(times | {"scale/SlotPool/512/50": [16] * 3}), [False])
        self.assertEqual(self.verdicts(times | {"scale/SlotPool/8/50": [16] * 3}), [False])
        self.assertEqual(self.verdicts(times | {"scale/SlotPool/4194304/50": [99] * 3}), [True])

    def test_scale_of_some_sizes_is_not_judged(self):
        self.assertEqual(self.verdicts({"scale/SlotPool/8/50": [14] * 3}), [None])
        self.assertEqual(self.verdicts({"scale/SlotPool/4194304/50": [14] * 3}), [None])

    def test_are_counted(self):
        judged = targets.judge(summary_of(blocks("pair", PoolResource=10, jemalloc=20, tcmalloc=9)))
        self.assertEqual(targets.counts(judged), "targets: 1 met, 1 missed, 1 not judged")


class Reports(unittest.TestCase):
    def test_name_what_was_skipped_and_what_brings_it(self):
        one = {"what": "jemalloc", "why": "cannot be preloaded", "package": "libjemalloc2"}
        one["installed"] = False
        found = document_of({"pair/PoolResource/64": [1, 1, 1]}, skipped=[one])
        self.assertIn("- skipped: jemalloc, cannot be preloaded", found)
        self.assertIn("apt-get install --no-install-recommends libjemalloc2", found)

    def test_give_errors(self):
        samples = samples_of({"pair/PoolResource/64": [1, 1, 1]})
        wrong = {"name": "pair/new_delete/64", "error_occurred": True, "error_message": "lost"}
        samples.add(0, "jemalloc", wrong)
        self.assertIn("ERROR: pair/jemalloc/64: lost", markdown.document(ABOUT, Summary(samples), [], []))

    def test_say_that_the_machine_was_busy(self):
        times = {"pair/PoolResource/64": [1, 1, 1]}
        self.assertIn("busy: others used 1.2 cores", document_of(times, cores_in_use_at_start=1.2))
        self.assertIn("busy: others used 0.9 cores", document_of(times, cores_in_use_meanwhile=0.9))
        self.assertNotIn("busy", document_of(times))

    def test_survive_being_written_and_read(self):
        counters = {"latency/PoolResource/64": {"p50_ns": [1, 2, 3]}}
        times = {"pair/new_delete/64": [1.5, None, 2], "latency/PoolResource/64": [9, 9, 9]}
        samples = samples_of(times, counters)
        with TemporaryDirectory() as directory:
            path = Path(directory) / "x.json"
            results.write(path, ABOUT, Summary(samples), [])
            about, again = results.read(path)
        self.assertEqual(about, ABOUT)
        self.assertEqual(again.times_ns, samples.times_ns)
        self.assertEqual(Summary(again).median(Row("latency", "PoolResource", "64"), "p50_ns"), 2)

    def test_figures_are_short(self):
        figures = {5.123: "5.12 ns", 912.3: "912 ns", 9876: "9,876 ns", 12_345: "12.3 µs", 3.1e7: "31.0 ms"}
        self.assertEqual([text.duration(ns) for ns in figures], list(figures.values()))
        cases = {"64": "64 B", "65536": "64 KiB", "1024/threads:8": "1 KiB, 8 threads"}
        self.assertEqual([text.case(case) for case in cases], list(cases.values()))

    def test_machines_have_names_for_files(self):
        amd, intel = "AMD EPYC 9B45 96-Core Processor", "Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz"
        self.assertEqual(machine.short_name(amd, 2), "amd-epyc-9b45-2-cores")
        self.assertEqual(machine.short_name(intel, 8), "intel-xeon-e5-2680-v4-8-cores")

    def test_hosts_that_hide_which_processor_it_is_are_told_apart(self):
        hidden = "cpu family\t: 26\nmodel\t\t: 2\nmodel name\t: AMD EPYC\n"
        self.assertEqual(machine.name_of_processor(hidden), "AMD EPYC (family 26, model 2)")
        self.assertEqual(machine.name_of_processor(hidden.replace("EPYC", "EPYC 9B45")), "AMD EPYC 9B45")
        frequency = machine.name_of_processor(hidden.replace("AMD EPYC", "Intel Xeon @ 2.60GHz"))
        self.assertEqual(machine.short_name(frequency, 2), "intel-xeon-family-26-model-2-2-cores")
        name = machine.short_name(machine.name_of_processor(hidden), 2)
        self.assertEqual(name, "amd-epyc-family-26-model-2-2-cores")

    def test_what_is_used_meanwhile_is_without_the_programs_that_are_run(self):
        busy = "import time\nend = time.monotonic() + 0.5\nwhile time.monotonic() < end: pass"
        before = machine.Usage.now()
        subprocess.run([sys.executable, "-c", busy], check=True)
        alone = machine.Usage.now().own_s - before.own_s
        self.assertGreater(alone, 0.05)
        used = machine.Usage.now()
        more = machine.Usage(used.at_s - 1, used.all_s - 1.5, used.own_s - 0.5)
        self.assertAlmostEqual(machine.cores_in_use_by_others(more), 1, delta=0.2)

    def test_cores_in_use_are_those_of_other_processes_at_this_moment(self):
        with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as other:
            in_use = machine.cores_in_use(seconds=0.5)
            other.kill()
        self.assertGreater(in_use, 0.25)


if __name__ == "__main__":
    unittest.main()
