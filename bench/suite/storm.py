# SPDX-License-Identifier: Apache-2.0
"""The quota engine against simulated providers in virtual time; scenarios and levels in docs/storm.md."""
import json
import subprocess
import time

from support.context import CannotRun

NAME = "storm"
ABOUT = "the quota engine in virtual time: 429s, utilisation, waits, beside naive policies and a clairvoyant"

SEEDS, QUICK_SEEDS = (1, 2, 3), (1,)
LOADS = {"s3_1.1": 1.1, "s3_1.5": 1.5}
NAIVE = ("none", "round_robin", "cooldown", "least_used")
MUST_FAIL = ("round_robin", "cooldown")  # or the storm would be too easy
FAULTLESS = "s4_c_1_0.95"
# fault -> (utilisation at least, percent; refusals of the provider per 100 requests at most)
FAULTS = {
    "foreign": (93, 3), "concurrency": (68, 1), "burst_window": (88, 1), "acceleration": (92, 10), "overload": (90, 0.1), "halved": (69, 0.1),
    "no_headers": (93, 0.1), "unknown_limits": (93, 0.1), "vague_sizes": (92, 0.1), "slow_network": (93, 0.1), "not_streaming": (93, 0.1),
}


class Storm:
    def __init__(self, context):
        self.context = context
        self.program = context.build("storm_bench") / "bench/storm/storm_bench"
        self.seeds = QUICK_SEEDS if context.quick else SEEDS
        self.reports = []

    def run(self, group, policy="tidegate"):
        """Reports of all cells of a group and all seeds."""
        self.context.note(f"{group}, {policy}, seeds {' '.join(map(str, self.seeds))}")
        command = [str(self.program), group, policy, *map(str, self.seeds)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=3600, check=False)
        if done.returncode != 0:
            raise CannotRun(f"{' '.join(command)}: {done.stderr[-2000:]}")
        reports = [json.loads(line) for line in done.stdout.splitlines()]
        self.reports += reports
        return reports

    def at_most(self, name, reports, figure, unit, limit):
        """The worst of the reports."""
        self.context.level(name, max(figure(report) for report in reports), unit, limit)

    def at_least(self, name, reports, figure, unit, limit):
        self.context.level(name, min(figure(report) for report in reports), unit, limit, at_least=True)

    # --- scenarios ----------------------------------------------------------------------------------------------------

    def s1(self):
        reports = self.run("s1")
        self.at_most("S1 alone: client 429s", reports, client_429, "%", 0)
        self.at_most("S1 alone: failures", reports, lambda r: r["failures"], "%", 0)
        self.at_most("S1 alone: refused by the provider", reports, upstream_429, "per 100", 0)
        self.at_most("S1 alone: interactive start delay, p95", reports, lambda r: r["interactive"]["p95"], "s", 0.1)
        self.at_most("S1 alone: interactive start delay, p99", reports, lambda r: r["interactive"]["p99"], "s", 5)
        self.at_most("S1 alone: batch start delay, p95", reports, lambda r: r["batch"]["p95"], "s", 200)
        for policy in NAIVE:
            naive = self.run("s1", policy)
            if policy in MUST_FAIL:
                self.at_least(f"S9: {policy} fails S1, client 429s", naive, client_429, "%", 1)

    def s2(self):
        reports = self.run("s2")
        self.at_most("S2: client 429s", reports, client_429, "%", 0)
        self.at_most("S2: spare channel", reports, fallback, "%", 6)
        self.at_most("S2: interactive start delay, p95", reports, lambda r: r["interactive"]["p95"], "s", 0.1)

    def s3(self):
        for cell, load in LOADS.items():
            reports = self.run(cell)
            self.at_most(f"S3 {load}: client 429s", reports, client_429, "%", 0)
            self.at_least(f"S3 {load}: utilisation", reports, lambda r: r["utilisation"], "%", 99)
            self.at_most(f"S3 {load}: spare channel", reports, fallback, "%", round(100 * (1 - 1 / load) + 1.5, 2))
            self.at_most(f"S3 {load}: refused by the provider", reports, upstream_429, "per 100", 0.1)
            if load == 1.5:
                self.at_most(f"S3 {load}: best over worst served batch tenant", reports, lambda r: r["fairness"], "ratio", 1.10)
                self.at_most(f"S3 {load}: interactive start delay, p95", reports, lambda r: r["interactive"]["p95"], "s", 0.1)

    def s4(self):
        ours = self.run("s4")
        clairvoyant = {key(report): report for report in self.run("s4", "clairvoyant")}
        busy = [report for report in ours if float(report["scenario"].rsplit("_", 1)[1]) >= 0.95]

        def beyond(figure):
            return lambda report: figure(report) - figure(clairvoyant[key(report)])
        self.at_most("S4: client 429s", ours, client_429, "%", 0)
        self.at_most("S4: refused by the provider", ours, upstream_429, "per 100", 0.3)
        self.at_most("S4: utilisation below the clairvoyant's", ours, lambda r: -beyond(lambda q: q["utilisation"])(r), "points", 1)
        self.at_most("S4: spare channel beyond the clairvoyant's", ours, beyond(fallback), "points", 1.5)
        self.at_most("S4 from 0.95 on: every bucket full while a request waits", busy, lambda r: r["idle_while_waiting"], "%", 2)
        self.at_most("S4 from 0.95 on: scarcest bucket full while a request waits, beyond the clairvoyant's", busy,
                     beyond(lambda r: r["waste_while_waiting"]), "points", 1)

    def s6(self, faults):
        # No level, but what to read the levels beside: a clairvoyant that meets no fault at all.
        faultless = {report["seed"]: report["utilisation"] for report in self.run(FAULTLESS, "clairvoyant")}
        for fault, (utilisation, refusals) in faults.items():
            reports = self.run(f"s6_{fault}")
            for report in reports:
                report["below_faultless_clairvoyant"] = round(faultless[report["seed"]] - report["utilisation"], 3)
            self.at_most(f"S6 {fault}: client 429s", reports, client_429, "%", 0)
            self.at_least(f"S6 {fault}: utilisation", reports, lambda r: r["utilisation"], "%", utilisation)
            self.at_most(f"S6 {fault}: refused by the provider", reports, upstream_429, "per 100", refusals)

    def s7(self):
        reports = self.run("s7")
        self.at_most("S7: client 429s", reports, client_429, "%", 0)
        self.at_most("S7: refused by the provider", reports, upstream_429, "per 100", 0.1)

    def always(self):
        ours = [report for report in self.reports if report["policy"] == "tidegate"]
        self.at_most("all runs: requests undecided 50 ms after their deadline", ours, lambda r: r["deadline_misses"], "count", 0)
        self.at_most("all runs: requests, places and holds without an end", ours, lambda r: r["stuck"], "count", 0)


def key(report):
    return report["scenario"], report["seed"]


def client_429(report):
    return report["client_429"]


def upstream_429(report):
    return report["upstream_429_per_100"]


def fallback(report):
    return report["fallback_requests"]


def run(context):
    begin = time.monotonic()
    storm = Storm(context)
    storm.s1()
    storm.s3()
    if context.quick:
        storm.s6({"acceleration": FAULTS["acceleration"]})
    else:
        storm.s2()
        storm.s4()
        storm.s6(FAULTS)
        storm.s7()
        storm.run("second")
    storm.always()
    raw = {"seconds": time.monotonic() - begin}
    for report in storm.reports:
        name = f"{report['scenario']} {report['policy']} seed {report['seed']}"
        raw[name] = {figure: value for figure, value in report.items() if not figure.endswith("_of_minute") and figure not in ("scenario", "policy", "seed")}
    return raw
