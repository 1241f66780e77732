# SPDX-License-Identifier: Apache-2.0
"""The storm S1 in real time through Tidegate and through LiteLLM, side by side; docs/storm.md, "In real time". LiteLLM is taken from
a virtual environment of its own: LITELLM=/path/to/venv/bin/litellm, made by `pip install 'litellm[proxy]'`."""
import os
import subprocess

from support.context import CannotRun
from support.storm import LiteLlmGateway, TidegateGateway, begin_score, end_score, start_simulator

NAME = "storm_litellm"
ABOUT = "the storm S1 in real time, Tidegate beside LiteLLM; a quarter of an hour"

SEED = 1
QUICK = ("--duration", "3m", "--pile-at", "1m", "--pile", "200")


def version_of(program):
    said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=180, check=False, env=os.environ | {"LITELLM_LOCAL_MODEL_COST_MAP": "True"})
    return said.stdout.strip().splitlines()[-1] if said.stdout.strip() else "unknown"


def run(context):
    program = os.environ.get("LITELLM") or context.tool("litellm")
    build = context.build("tidegate", "tidegate-sim")
    running, runs = [], []
    try:
        for name in ("tidegate", "litellm"):  # each before a simulator of its own, at the same time
            folder = context.folder / name
            folder.mkdir()
            simulator = start_simulator(build, folder, 1, SEED)
            running.append(simulator)
            gateway = TidegateGateway(build, simulator, folder, 1) if name == "tidegate" else LiteLlmGateway(program, simulator, folder)
            running.append(gateway)
            runs.append((gateway, simulator))
        context.note("S1, a quarter of an hour, through both at once")
        started = [begin_score(build, gateway, simulator, 1, SEED, *(QUICK if context.quick else ())) for gateway, simulator in runs]
        scores = {gateway.name: end_score(process, gateway, 2400) for (gateway, _), process in zip(runs, started)}
    finally:
        for process in reversed(running):
            process.stop()
    if not scores["litellm"]["requests"]:
        raise CannotRun("LiteLLM was sent nothing")
    ours = scores["tidegate"]
    context.level("tidegate: clients that met a 429", ours["any_429"], "%", 0)
    context.level("tidegate: failures", ours["failures"], "%", 0)
    context.level("tidegate: refused by the provider", ours["provider"]["429_per_100"], "per 100", 0.5)
    return {"litellm version": version_of(program), **scores}
