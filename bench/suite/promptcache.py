# SPDX-License-Identifier: Apache-2.0
"""Injected marks for the provider's prompt cache, in virtual time on the simulator's cache; scenarios and levels in docs/prompt_cache.md."""
import json
import subprocess

from support.context import CannotRun
from support.processes import cores, pin

NAME = "promptcache"
ABOUT = "the prompt-cache engine: billed input beside no marks, a static rule and an oracle; CPU of a decision"

# Reads cost 0.1, 0.05 and 0.025 of the input price.
MODELS = ("claude-sonnet-4-6", "claude-opus-5-5", "claude-fable-5-1")
SEEDS, QUICK_SEEDS = (1, 2, 3, 4, 5), (1,)
REPEATED = ("agent_loop", "agent_once", "rag")
ELSEWHERE = ("one_shot", "fan_out", "long_gaps", "medium_gaps", "self_marked", "mixed")
# What `agent_absences` pays beside the oracle is in `raw` alone: docs/prompt_cache.md says why no level holds it.
HARMLESS = ("one_shot", "long_gaps", "self_marked")
BETTER_THAN_STATIC = ("one_shot", "fan_out", "long_gaps")
STRICTLY = 0.9999
CPU_LIMIT = 10  # microseconds for 64 KB, beyond the parse that is made anyway


def lines_of(command, core=None):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=3600, check=False,
                          preexec_fn=None if core is None else pin(core))
    if done.returncode != 0:
        raise CannotRun(f"{' '.join(map(str, command))}: {done.stderr[-2000:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def ratio(report, policy, beside):
    return report[policy]["billed"] / report[beside]["billed"]


def run(context):
    program = context.build("promptcache_bench") / "bench/promptcache/promptcache_bench"
    seeds = QUICK_SEEDS if context.quick else SEEDS
    reports = []
    for model in MODELS:
        context.note(f"{model}, seeds {' '.join(map(str, seeds))}")
        reports += lines_of([program, "bill", model, *seeds])

    def worst(scenario, policy, beside):
        return max(ratio(report, policy, beside) for report in reports if report["scenario"] == scenario)
    for scenario in REPEATED:
        context.level(f"{scenario}: billed input / oracle", worst(scenario, "tidegate", "oracle"), "ratio", 1.05)
    for scenario in ELSEWHERE:
        context.level(f"{scenario}: billed input / oracle", worst(scenario, "tidegate", "oracle"), "ratio", 1.30)
    for scenario in ("fan_out", "mixed"):
        context.level(f"{scenario}, followers wait: billed input / oracle that may wait", worst(scenario, "waiting", "oracle_waiting"), "ratio", 1.30)
    for scenario in HARMLESS:
        context.level(f"{scenario}: billed input / no marks", worst(scenario, "tidegate", "none"), "ratio", 1.01)
    for scenario in sorted({report["scenario"] for report in reports}):
        limit = STRICTLY if scenario in BETTER_THAN_STATIC else 1.01
        context.level(f"{scenario}: billed input / static rule", worst(scenario, "tidegate", "static"), "ratio", limit)
    refused = sum(figures["refused"] for report in reports for figures in report.values() if isinstance(figures, dict) and "refused" in figures)
    context.level("bodies that the provider refused", refused, "count", 0)

    cpu = lines_of([program, "cpu", *(["quick"] if context.quick else [])], cores()[0])[0]
    context.level("CPU of noting, hashing, deciding, editing for 64 KB, beyond the parse", cpu["added_us"], "us", CPU_LIMIT)
    cpu["added_over_parse"] = cpu["added_us"] / cpu["read_us"]
    return {"cpu": cpu, "ratios": table(reports), "runs": {f"{r['scenario']} {r['model']} seed {r['seed']}": r for r in reports}}


def table(reports):
    """Worst ratio of each scenario and model."""
    rows = {}
    for report in reports:
        row = rows.setdefault(report["scenario"], {}).setdefault(report["model"], {})
        for name, policy, beside in (("tidegate/oracle", "tidegate", "oracle"), ("tidegate/none", "tidegate", "none"), ("tidegate/static", "tidegate", "static"),
                                     ("static/oracle", "static", "oracle"), ("none/oracle", "none", "oracle"), ("careful/oracle", "careful", "oracle"),
                                     ("waiting/oracle_waiting", "waiting", "oracle_waiting")):
            row[name] = max(row.get(name, 0), ratio(report, policy, beside))
    return rows
