# SPDX-License-Identifier: Apache-2.0
"""What a request costs in `tidegate serve`, beside nginx and HAProxy as plain proxies; method and levels in docs/benchmarks.md."""
import contextlib
import re
import statistics
import subprocess
import time

from support.context import CannotRun
from support.processes import cores, machine_times, pin, stolen_fraction
from support.proxies import HaProxy, Nginx, Tidegate, Upstream, load_command, run_load

NAME = "proxy"
ABOUT = "CPU, instructions, system calls and memory of a request, beside nginx and HAProxy"

MOST_STOLEN = 0.2  # of the machine's time: a round in which the host took more is not counted
SETTLE = 0.7       # seconds after a load in which the gateway moves its last entries into SQLite; they belong to it
# Connections: microseconds between two events of a stream, so that a proxy is about a third busy and each event comes alone.
INTERVAL = {1: 100, 32: 2_000, 256: 16_000}
LIMITS = {("json", "http"): 0.80, ("stream", "http"): 0.80, ("json", "https"): 0.85, ("stream", "https"): 0.85}


class Bench:
    def __init__(self, context):
        self.context = context
        self.build = context.build("tidegate", "bench_load", "bench_upstream")
        self.proxies = [Tidegate(self.build / "src/app/tidegate"), Nginx(context.tool("nginx")), HaProxy(context.tool("haproxy"))]
        self.core, self.other_core = cores()
        self.rounds = 3 if context.quick else 7
        self.seconds = 0.4 if context.quick else 1.5
        self.runs = 0

    def folder(self):
        self.runs += 1
        made = self.context.folder / f"run{self.runs}"
        made.mkdir()
        return made

    @contextlib.contextmanager
    def upstream(self, tls=False):
        upstream = Upstream(self.build, self.folder(), self.other_core, tls)
        try:
            yield upstream
        finally:
            upstream.stop()

    def load(self, proxy, port, **arguments):
        return run_load(self.build, self.other_core, proxy, port, **arguments)

    # --- CPU time ---------------------------------------------------------------------------------------------------

    def cpu_of(self, proxy, server, connections, mode, seconds):
        """(CPU microseconds per request, what the load counted), or None if the machine was not ours."""
        before, machine = server.cpu_seconds(), machine_times()
        try:
            counted = self.load(proxy, server.port, connections=connections, mode=mode, seconds=seconds,
                                interval_us=INTERVAL[connections] if mode == "stream" else 0)
        except CannotRun as error:
            raise CannotRun(f"{error}\n{server.errors()}") from error
        stolen = stolen_fraction(machine, machine_times())
        if isinstance(proxy, Tidegate):
            time.sleep(SETTLE)
        cpu = (server.cpu_seconds() - before) * 1e6 / counted["completed"]
        return None if stolen > MOST_STOLEN else (cpu, counted)

    def scenario(self, servers, upstream, mode, connections):
        """Medians over the rounds, in each of which every proxy has its turn."""
        seconds = max(self.seconds, 2.2 * 50 * INTERVAL[connections] / 1e6) if mode == "stream" else self.seconds
        figures = {proxy.name: [] for proxy in self.proxies}
        waits = {proxy.name: [] for proxy in self.proxies}
        direct = []
        for round_number in range(self.rounds + 1):
            measured = {proxy.name: self.cpu_of(proxy, servers[proxy.name], connections, mode, seconds) for proxy in self.proxies}
            straight = self.load(None, upstream.port, connections=connections, mode=mode, seconds=0.2) if upstream.scheme == "http" and mode == "json" else None
            if round_number == 0 or None in measured.values():  # the first warms up
                continue
            for name, (cpu, counted) in measured.items():
                figures[name].append(cpu)
                waits[name].append(counted["first_byte_us"]["p50"])
            if straight:
                direct.append(straight["first_byte_us"]["p50"])
        if not figures["nginx"]:
            raise CannotRun("the machine was taken from us in every round")
        base = figures["nginx"]
        row = {"rounds": len(base)}
        for name, values in figures.items():
            row[name] = {"cpu_us": statistics.median(values), "ratio": statistics.median(v / b for v, b in zip(values, base)),
                         "first_byte_p50_us": statistics.median(waits[name])}
            if direct:
                row[name]["added_first_byte_p50_us"] = row[name]["first_byte_p50_us"] - statistics.median(direct)
        return row

    def cpu(self):
        raw = {}
        for tls in (False, True):
            with self.upstream(tls) as upstream, contextlib.ExitStack() as stack:
                servers = {}
                for proxy in self.proxies:
                    servers[proxy.name] = proxy.start(upstream, self.folder(), self.core)
                    stack.callback(servers[proxy.name].stop)
                for mode in ("json", "stream"):
                    for connections in (1, 32, 256):
                        self.context.note(f"CPU: {mode}, {connections} connections, {upstream.scheme} upstream")
                        raw[f"{mode} {upstream.scheme} {connections}"] = self.scenario(servers, upstream, mode, connections)
        for (mode, scheme), limit in LIMITS.items():
            for connections in (32, 256):
                ratio = raw[f"{mode} {scheme} {connections}"]["tidegate"]["ratio"]
                tls = " with TLS upstream" if scheme == "https" else ""
                what = "1 KB JSON" if mode == "json" else "50-event stream"
                self.context.level(f"CPU per {what}{tls} / nginx, {connections} connections", ratio, "ratio", limit)
        self.context.level("CPU of a request at 1 connection", raw["json http 1"]["tidegate"]["cpu_us"], "us", 50)
        return raw

    # --- counted by a tool: figures that repeat ----------------------------------------------------------------------

    def counted(self, proxy, upstream, tool, prefix, read, mode, connections, few, many):
        """Of two runs with few and with many requests, the difference of what the tool counted, per request."""
        totals = []
        for requests in (few, many):
            folder = self.folder()
            server = proxy.start(upstream, folder, self.core, prefix=prefix(folder), name=f"{tool}-{proxy.name}")
            try:
                self.load(proxy, server.port, connections=connections, mode=mode, requests=requests,
                          interval_us=4_000 if mode == "stream" else 0)
            finally:
                server.stop()
            totals.append(read(folder, server))
        return (totals[1] - totals[0]) / (many - few)

    def instructions(self, proxy, upstream, mode):
        valgrind = self.context.tool("valgrind")

        def prefix(folder):
            return [valgrind, "--tool=callgrind", f"--callgrind-out-file={folder}/callgrind.out"]

        def read(_, server):
            found = re.search(r"Collected : (\d+)", server.errors())
            if not found:
                raise CannotRun(f"callgrind on {proxy.name} counted nothing: {server.errors()}")
            return int(found[1])
        few, many = (200, 1_200) if mode == "json" else (8, 72)
        return self.counted(proxy, upstream, "callgrind", prefix, read, mode, 8 if mode == "json" else 4, few, many)

    def system_calls(self, proxy, upstream, mode):
        strace = self.context.tool("strace")

        def prefix(folder):
            return [strace, "-f", "-c", "-o", folder / "strace.out"]

        def read(folder, _):
            found = re.search(r"^100\.00\s+\S+\s+(?:\S+\s+)?(\d+)\s+(?:\d+\s+)?total$", (folder / "strace.out").read_text(), re.M)
            if not found:
                raise CannotRun(f"strace on {proxy.name} counted nothing")
            return int(found[1])
        few, many = (2_000, 12_000) if mode == "json" else (32, 320)
        return self.counted(proxy, upstream, "strace", prefix, read, mode, 32, few, many)

    def counts(self):
        raw = {}
        with self.upstream() as upstream:
            for proxy in self.proxies:
                for mode in ("json", "stream"):
                    self.context.note(f"instructions and system calls: {proxy.name}, {mode}")
                    row = raw.setdefault(proxy.name, {})
                    row[f"instructions {mode}"] = self.instructions(proxy, upstream, mode)
                    row[f"system calls {mode} 32"] = self.system_calls(proxy, upstream, mode)
        own, nginx = raw["tidegate"], raw["nginx"]
        self.context.level("user instructions per 1 KB JSON / nginx", own["instructions json"] / nginx["instructions json"], "ratio", 0.75)
        self.context.level("user instructions per 1 KB JSON", own["instructions json"], "count", 40_000)
        self.context.level("user instructions per 50-event stream / nginx", own["instructions stream"] / nginx["instructions stream"], "ratio", 0.75)
        self.context.level("system calls per 1 KB JSON, 32 connections", own["system calls json 32"], "count", 4.5)
        return raw

    # --- memory ------------------------------------------------------------------------------------------------------

    def held(self, proxy, upstream, hold, connections):
        """Memory of a fresh process over what it had at rest, in MB."""
        server = proxy.start(upstream, self.folder(), self.core)
        try:
            rest = server.memory()
            arguments = ["--connections", connections, "--hold", hold, "--mode", "stream" if hold == "stream" else "json"]
            command = load_command(self.build, proxy, server.port, *arguments)
            if hold == "stream":
                command[command.index("--fields") + 1] += "x-bench-hold: 5\r\n"
            load = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=pin(self.other_core))
            try:
                said = load.stdout.readline()
                if said.strip() != "ready":
                    raise CannotRun(f"{connections} {hold} connections on {proxy.name}: {said} {server.errors()}")
                time.sleep(1.5)
                now = server.memory()
            finally:
                load.stdin.close()
                load.wait(60)
                load.stdout.close()
        finally:
            server.stop()
        return {"rest_pss_mb": rest["pss"], "rest_rss_mb": rest["rss"], "over_rest_mb": now["pss"] - rest["pss"],
                "kb_per_connection": (now["pss"] - rest["pss"]) * 1e3 / connections}

    def memory(self):
        raw = {}
        kinds = [("idle", 2_000), ("stream", 2_000)] + ([] if self.context.quick else [("stream", 9_000)])
        with self.upstream() as upstream:
            for hold, connections in kinds:
                for proxy in self.proxies:
                    self.context.note(f"memory: {proxy.name}, {connections} {hold}")
                    raw.setdefault(f"{connections} {hold}", {})[proxy.name] = self.held(proxy, upstream, hold, connections)
        for hold, connections, limit in (("stream", 2_000, 45), ("stream", 9_000, 198)):
            if (hold, connections) in kinds:
                self.context.level(f"memory of {connections} streaming connections", raw[f"{connections} {hold}"]["tidegate"]["over_rest_mb"], "MB", limit)
        return raw


def run(context):
    bench = Bench(context)
    raw = {"cores": {"proxy": bench.core, "load and upstream": bench.other_core}, "envoy": "not installable: not in Debian 12"}
    raw["counts"] = bench.counts()
    raw["memory"] = bench.memory()
    raw["cpu"] = bench.cpu()
    return raw
