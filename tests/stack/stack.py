# SPDX-License-Identifier: Apache-2.0
"""What the tests of the stack around Tidegate share: programs on free ports, stopped by their own pids, and bounded waiting."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
PATIENCE = 90  # seconds; a sanitized build on a busy machine is slow
SKIPPED = 77

# Without the machine's proxies: this is loopback.
loopback = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def needs(*programs: str) -> None:
    """Ends this test as skipped if a program is missing."""
    missing = [program for program in programs if not shutil.which(program)]
    if missing:
        print(f"skipped: {', '.join(missing)} not installed; tools/install_dependencies --test brings it", file=sys.stderr)
        sys.exit(SKIPPED)


def known_metrics() -> set[str]:
    """Names of samples that docs/metrics.md lists, those of histograms included."""
    known = set()
    for name, kind in re.findall(r"^\| `(\w+)` \| (\w+) \|", (ROOT / "docs" / "metrics.md").read_text(), re.M):
        known |= {f"{name}_bucket", f"{name}_sum", f"{name}_count"} if kind == "histogram" else {name}
    return known


def fetch(url: str, data: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
    with loopback.open(urllib.request.Request(url, data, headers or {}), timeout=10) as answer:
        return answer.read()


def until(question, what: str, patience: float = PATIENCE):
    """The first answer that is true; a server that does not answer yet has not said no."""
    deadline = time.monotonic() + patience
    last = None
    while time.monotonic() < deadline:
        try:
            if last := question():
                return last
        except (OSError, urllib.error.URLError) as error:
            last = error
        time.sleep(0.1)
    raise AssertionError(f"{what} did not happen within {patience} s; last: {last!r}")


def free_port() -> int:
    """For programs that cannot say which port they took."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Program:
    """A program whose output goes to a file; `stop` ends it by its pid."""

    def __init__(self, folder: Path, name: str, command: list, environment: dict[str, str] | None = None):
        self.name = name
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([str(part) for part in command], cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=environment)

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def waits_for(self, pattern: str) -> re.Match:
        """The first line of its output that matches."""
        def look():
            if found := re.search(pattern, self.said(), re.M):
                return found
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended: {self.said()[-3000:]}")
            return None
        return until(look, f"{self.name} saying {pattern}")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Gateway(Program):
    """`tidegate serve` before the simulator; `settings` as in tidegate.yaml. `gateway` is its address; `reload` takes other settings."""

    def __init__(self, folder: Path, program: str, simulator: str, settings: dict):
        self.simulator = Program(folder, "simulator", [simulator, "--instant", "--preset", "unlimited"])
        try:
            self.usual = {"providers": [{"name": "anthropic", "base_url": self.simulator.waits_for(r"listening on (\S+)$")[1], "keys": [{"env": "TIDEGATE_TEST_KEY"}]}],
                          "ledger": {"directory": str(folder / "ledger")}}
            self.config = folder / "tidegate.yaml"
            self.write(settings)
            super().__init__(folder, "tidegate", [program, "serve", "--config", self.config, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
                                                  "--metrics", "127.0.0.1:0"], os.environ | {"TIDEGATE_TEST_KEY": "sk-test"})
            self.gateway = self.waits_for(r"^tidegate listening on (\S+)$")[1]
        except BaseException:
            if hasattr(self, "process"):
                super().stop()
            self.simulator.stop()
            raise

    def write(self, settings: dict) -> None:
        self.config.write_text(json.dumps(self.usual | settings))  # JSON is YAML

    def reload(self, settings: dict) -> None:
        self.write(settings)
        self.process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        super().stop()
        self.simulator.stop()


class Demo(Program):
    """`tidegate demo`: `metrics` is HOST:PORT, `dashboard` and `gateway` are addresses."""

    def __init__(self, folder: Path, program: str, *options: str):
        super().__init__(folder, "tidegate", [program, "demo", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--metrics", "127.0.0.1:0",
                                              *options])
        self.dashboard = self.waits_for(r"^dashboard on (\S+)$")[1]
        self.gateway = self.waits_for(r"^tidegate listening on (\S+)$")[1]
        self.metrics = self.waits_for(r"^metrics on http://(\S+)/metrics$")[1]


class Prometheus(Program):
    """Debian's Prometheus with a folder of its own. `config` as in prometheus.yml."""

    def __init__(self, folder: Path, config: dict):
        (folder / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML
        self.url = f"http://127.0.0.1:{free_port()}"
        super().__init__(folder, "prometheus", ["prometheus", "--config.file", folder / "prometheus.yml", "--storage.tsdb.path", folder / "tsdb",
                                                "--web.listen-address", self.url.removeprefix("http://"), "--log.level=warn"])
        until(lambda: fetch(self.url + "/-/ready"), "Prometheus getting ready")

    def ask(self, path: str, **parameters) -> dict:
        """The data of an API call; AssertionError with Prometheus' own words for a query that it refuses."""
        try:
            return json.loads(fetch(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"))["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters}: {error.read().decode()}") from error

    def query(self, expression: str) -> list:
        return self.ask("query", query=expression)["result"]


def quick_rules(folder: Path) -> Path:
    """The shipped rules, judged each second: expressions, terms and labels are left as they are."""
    target = folder / "rules"
    target.mkdir()
    for file in (DEPLOY / "prometheus" / "rules").glob("*.yaml"):
        (target / file.name).write_text(re.sub(r"interval: \d+s", "interval: 1s", file.read_text()))
    return target
