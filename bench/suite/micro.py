# SPDX-License-Identifier: Apache-2.0
"""The parts that a request passes, each alone: heads, views of bodies and streams, the journal."""
import re
import subprocess

from support.context import CannotRun
from support.processes import cores, pin

NAME = "micro"
ABOUT = "parsers and journal alone: nanoseconds a call"


def output_of(command, core):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300, check=False, preexec_fn=pin(core))
    if done.returncode != 0:
        raise CannotRun(f"{command[0]}: {done.stdout[-1000:]}{done.stderr[-1000:]}")
    return done.stdout


def run(context):
    build = context.build("http1_bench", "llm_bench", "journal_bench")
    core, _ = cores()
    http1 = output_of([build / "bench/http1_bench"], core)
    llm = output_of([build / "bench/llm_bench"], core)
    attempts = 10_000 if context.quick else 50_000
    context.note("journal, while another thread syncs and drains it")
    # Both cores: the keeper's thread must be able to run beside the appends.
    journal = subprocess.run([build / "bench/journal_bench", context.folder, "append", str(attempts)], capture_output=True, text=True, timeout=300, check=False)
    found = re.search(r"append: .*p50 ([\d.]+) us, p99 ([\d.]+) us, p99.9 ([\d.]+) us, p99.99 ([\d.]+) us", journal.stdout)
    if journal.returncode != 0 or not found:
        raise CannotRun(f"journal_bench: {journal.stdout}{journal.stderr}")
    context.level("journal append, p99.99 while fdatasync runs", float(found[4]), "us", 100)
    lost = re.search(r"not recorded (\d+)", journal.stdout)
    context.level("journal appends not recorded", int(lost[1]) if lost else None, "count", 0)
    return {"http1": [line for line in http1.splitlines() if line.strip()], "llm": [line for line in llm.splitlines() if line.strip()],
            "journal": [line.strip() for line in journal.stdout.splitlines()]}
