# SPDX-License-Identifier: Apache-2.0
"""The storm S1 in real time over loopback, twenty times as fast, through `tidegate serve`; docs/storm.md, "In real time"."""
import os

from support.storm import TidegateGateway, begin_score, end_score, start_simulator

NAME = "storm_live"
ABOUT = "the storm S1 through tidegate serve in real time, at 20 times its speed"

SPEED = 20
SEED = 1
QUICK = ("--duration", "5m", "--pile-at", "1m", "--pile", "300")


def run(context):
    build = context.build("tidegate", "tidegate-sim")
    simulator = start_simulator(build, context.folder, SPEED, SEED)
    gateway = None
    load_before = os.getloadavg()[0]
    try:
        gateway = TidegateGateway(build, simulator, context.folder, SPEED)
        context.note("S1, a quarter of an hour in 45 s")
        score = end_score(begin_score(build, gateway, simulator, SPEED, SEED, *(QUICK if context.quick else ())), gateway, 300)
    finally:
        if gateway is not None:
            gateway.stop()
        simulator.stop()
    context.level("S1 live: clients that met a 429", score["any_429"], "%", 0)
    context.level("S1 live: failures", score["failures"], "%", 0)
    context.level("S1 live: refused by the provider", score["provider"]["429_per_100"], "per 100", 0.5)
    return {"speed": SPEED, "load average before": load_before, "score": score}
