# SPDX-License-Identifier: Apache-2.0
"""Kills `tidegate serve` under load, twenty times, and compares three books: the client's, the simulator's and the ledger."""
import collections
import json
import os
import pathlib
import random
import re
import sqlite3
import subprocess
import time
import urllib.request

from support.context import CannotRun
from support.processes import Server, cores, free_port, pin

NAME = "crash"
ABOUT = "20 x kill -9 under load: answers, entries and charges that do not agree"

CONNECTIONS = 32
SEED = 7  # of the moments at which it is killed
# Answers of tens of milliseconds, so that there are always streams to cut in the middle.
SIMULATOR = ["--preset", "unlimited", "--first-token-seconds", "0.005", "--tokens-per-second", "3000", "--mean-output-tokens", "90"]


def read_stats(port):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/sim/stats", timeout=60) as answer:
        return json.load(answer)


def start_gateway(program, sim_port, port, ledger, folder, core, number):
    """As `./up` starts it: everything by default, the key from the environment."""
    command = [program, "serve", "--listen", f"127.0.0.1:{port}", "--admin", "127.0.0.1:0", "--metrics", "127.0.0.1:0",
               "--anthropic-url", f"http://127.0.0.1:{sim_port}", "--ledger", ledger]
    return Server(f"tidegate-{number}", command, folder, core, environment={"PATH": os.environ["PATH"], "CLAUDE_KEY": "sk-simulated"})


class Load:
    """bench_load, whose record of whole answers outlives every crash."""

    def __init__(self, build, port, folder, core):
        self.record = folder / "answers"
        command = [build / "bench/load/bench_load", "--port", port, "--connections", CONNECTIONS, "--mode", "mixed",
                   "--record", self.record, "--prefix", "crash", "--seconds", 600]
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=pin(core))

    def stop(self):
        """What it counted, and (session, gateway's id, provider's id) of every whole answer."""
        self.process.stdin.close()
        try:
            said = self.process.stdout.read()
            self.process.wait(30)
        finally:
            self.process.kill()
            self.process.stdout.close()
        lines = self.record.read_text().splitlines() if self.record.exists() else []
        return json.loads(re.search(r"^\{.*\}$", said, re.M)[0]), [line.split(" ") for line in lines]


def read_entries(ledger):
    connection = sqlite3.connect(f"file:{ledger}/ledger.db?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in connection.execute("SELECT request_id, attempt, session, upstream_request_id, state, cost_dollars, estimated FROM entries")]
    finally:
        connection.close()


def compare(answers, charges, entries, raw):
    """How often the books disagree, by level. A charge is found by the provider's request id, or, where the crash came before its
    answer's head, by the session that the client gave it: every request has one of its own. What a crash interrupted costs what
    was charged until then, or the estimate: every model here has a price, so it is never nothing."""
    requests = {entry["request_id"] for entry in entries}
    upstream = collections.Counter(entry["upstream_request_id"] for entry in entries if entry["upstream_request_id"])
    attempts = collections.Counter((entry["request_id"], entry["attempt"]) for entry in entries)
    unseen = collections.Counter(entry["session"] for entry in entries if not entry["upstream_request_id"])
    missing = [own for _, own, theirs in answers if own not in requests or theirs not in upstream]
    doubled = sum(count - 1 for count in attempts.values()) + sum(count - 1 for count in upstream.values())
    lost, by_session = [], 0
    for charge in charges:
        if upstream[charge["request_id"]]:
            continue
        if unseen[charge["session"]] > 0:
            unseen[charge["session"]] -= 1
            by_session += 1
        else:
            lost.append(charge)
    interrupted = [entry for entry in entries if entry["state"] == "interrupted"]
    raw |= {"charges found by session": by_session, "interrupted at an estimated cost": sum(entry["estimated"] for entry in interrupted),
            "entries by state": dict(collections.Counter(entry["state"] for entry in entries)),
            "charges without an entry by outcome": dict(collections.Counter(charge["outcome"] for charge in lost)),
            "first missing": missing[:5], "first lost": [(charge["request_id"], charge["session"], charge["at"]) for charge in lost[:5]]}
    return {"answers that a client received whole, without an entry": len(missing), "entries doubled": doubled,
            "charges of the provider without an entry": len(lost),
            "interrupted entries without a cost": sum(not (entry["cost_dollars"] or 0) > 0 for entry in interrupted)}


def reported_requests(program, ledger):
    """What `tidegate cost` tells of the same ledger."""
    done = subprocess.run([program, "cost", "--ledger", ledger, "--since", "1h", "--format", "json"], capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        raise CannotRun(f"tidegate cost: {done.stderr}")
    return sum(row["requests"] for row in json.loads(done.stdout)["rows"])


def run(context):
    build = context.build("tidegate", "tidegate-sim", "bench_load")
    program, folder = build / "src/app/tidegate", pathlib.Path(context.folder)
    ledger = folder / "ledger"
    core, other_core = cores()
    moments = random.Random(SEED)
    kills = 5 if context.quick else 20
    raw = {"kills": kills}
    servers = []
    load = None
    try:
        sim = Server("tidegate-sim", [build / "sim/tidegate-sim", *SIMULATOR], folder, other_core)
        servers.append(sim)
        port = free_port()
        gateway = start_gateway(program, sim.port, port, ledger, folder, core, 0)
        servers.append(gateway)
        load = Load(build, port, folder, other_core)
        in_flight = []
        for number in range(1, kills + 1):
            time.sleep(moments.uniform(0.3, 1.5))
            in_flight.append(read_stats_quickly(sim.port))
            gateway.kill()
            servers.remove(gateway)
            context.note(f"killed {number} of {kills}")
            gateway = start_gateway(program, sim.port, port, ledger, folder, core, number)
            servers.append(gateway)
        time.sleep(1)
        counted, answers = load.stop()
        raw["load"] = {name: counted[name] for name in ("completed", "wrong", "broken", "refused")}
        raw["answers in flight at each kill"] = in_flight
        gateway.stop()
        servers.remove(gateway)
        deadline = time.monotonic() + 30
        while (stats := read_stats(sim.port))["in_flight"] > 0 and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        if load is not None and load.process.poll() is None:
            load.process.kill()
            load.process.wait()
        for server in reversed(servers):
            server.stop()
    entries = read_entries(ledger)
    raw |= {"answers": len(answers), "charges": len(stats["charges"]), "entries": len(entries)}
    levels = compare(answers, stats["charges"], entries, raw) | {"kills without an answer in flight": in_flight.count(0)}
    for name, count in levels.items():
        context.level(name, count, "count", 0)
    context.level("answers that were wrong", counted["wrong"], "count", 0)
    context.level("requests that tidegate cost tells, off by", abs(reported_requests(program, ledger) - len(entries)), "count", 0)
    return raw


def read_stats_quickly(port):
    """How many calls the simulator is answering; without its charges, which take time to write."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/sim/stats?charges=0", timeout=60) as answer:
        return json.load(answer)["in_flight"]
