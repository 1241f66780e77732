# SPDX-License-Identifier: Apache-2.0
"""Admission alone: what a request costs in the quota engine, beside many in flight and many that wait, and by two threads."""
import re
import subprocess

from support.context import CannotRun
from support.processes import cores, pin

NAME = "quota"
ABOUT = "admission alone: CPU of a request with many in flight, many that wait, two threads"

# case -> microseconds of CPU of a request
LEVELS = {
    "room: uncontended, 16 in flight": 1,
    "room: uncontended, 1000 in flight": 3,
    "room: uncontended, 10000 in flight": 10,
    "room: uncontended, beside 10000 batch requests of 1 tenants that wait": 3,
    "room: uncontended, beside 10000 batch requests of 100 tenants that wait": 3,
    "room: saturated, 10000 of 1 tenants wait": 10,
    "room: saturated, 10000 of 100 tenants wait": 10,
    "book: one thread": 2,
    # A lock that is fought for costs system calls; it must not cost more than it lets through.
    "book: two threads in two rooms": 2,
    "book: two threads in one room": 4,
}


def run(context):
    program = context.build("quota_bench") / "bench/quota_bench"
    core, _ = cores()
    repetitions = "5000" if context.quick else "20000"

    def output(case, prepare):
        done = subprocess.run([str(program), repetitions, str(case)], capture_output=True, text=True, timeout=600, check=False, preexec_fn=prepare)
        if done.returncode != 0:
            raise CannotRun(f"quota_bench {case}: {done.stdout[-1000:]}{done.stderr[-1000:]}")
        return done.stdout.splitlines()

    lines = [line for case in range(7) for line in output(case, pin(core))]
    lines += output(7, None)  # two threads need two cores
    found = {match[1]: float(match[2]) for match in (re.match(r"(.*): (\d+) ns", line) for line in lines) if match}
    for case, limit in LEVELS.items():
        context.level(case, found[case] / 1000 if case in found else None, "us", limit)
    return {"lines": lines}
