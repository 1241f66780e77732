# SPDX-License-Identifier: Apache-2.0
"""A living Tidegate to look at: the demo, with budgets and keys, and an instance that asks for its token."""
import contextlib
import json
import os
import subprocess
import time
import urllib.request
from pathlib import Path

FREE = "127.0.0.1:0"
PATIENCE = 60
TOKEN = "a-token-for-this-test"
SIGNING = "a-signing-secret-for-this-test"
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback, without the machine's proxies


def ask(url: str, method: str = "GET", body: object = None):
    request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode(), headers={"content-type": "application/json"})
    with opener.open(request, timeout=20) as answer:
        return json.load(answer)


class Instance:
    """A command of tidegate that says where its dashboard is; stopped by its process id."""

    def __init__(self, command: list, folder: Path, environment: dict):
        self.log = open(folder / f"{command[1]}.log", "w+")
        self.process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=self.log, text=True, env=environment)
        self.dashboard = self.simulator = ""
        for line in self.process.stdout:
            if line.startswith("simulated provider on "):
                self.simulator = line.split()[-1].rstrip("/")
            if line.startswith("dashboard on "):
                self.dashboard = line.split()[-1]
                break
        else:
            self.log.seek(0)
            raise RuntimeError(f"{command[1]} ended: {self.log.read()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.log.close()


def until(question, what: str):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if question():
            return
        time.sleep(0.2)
    raise RuntimeError(f"{what} did not come within {PATIENCE} s")


class Limits:
    """The simulated provider's limit of requests, changed back and forth until Tidegate has seen it: what it sees first is no change."""

    def __init__(self, demo: Instance):
        self.demo, self.requests, self.due = demo, 150, 0.0

    def are_changed(self):
        if time.monotonic() >= self.due:
            self.requests = 330 - self.requests
            ask(self.demo.simulator + "/sim/limits", "POST", {"requests": self.requests})
            self.due = time.monotonic() + 12  # the rule looks every ten seconds
        return ask(self.demo.dashboard + "api/v1/alerts")["limit_changes"]


@contextlib.contextmanager
def demo_and_closed(program: str, folder: Path):
    """The demo with some traffic behind it, and an instance without a provider that wants TOKEN."""
    environment = {key: value for key, value in os.environ.items() if not key.endswith("_API_KEY") and key != "CLAUDE_KEY"}
    config = folder / "tidegate.yaml"
    config.write_text(json.dumps({  # JSON is YAML
        "listen": FREE, "metrics": {"address": FREE}, "admin": {"address": FREE, "token": {"env": "TIDEGATE_TEST_TOKEN"}},
        "alerts": {"slack_command": {"signing_secret": {"env": "TIDEGATE_TEST_SIGNING"}, "users": ["U1"]}},
        "providers": [{"name": "anthropic", "base_url": "http://127.0.0.1:9", "dialect": "anthropic", "keys": [{"env": "TIDEGATE_TEST_KEY"}]}],
        "ledger": {"directory": str(folder / "data")}}))
    guarded = environment | {"TIDEGATE_TEST_TOKEN": TOKEN, "TIDEGATE_TEST_KEY": "sk-simulated", "TIDEGATE_TEST_SIGNING": SIGNING}
    with Instance([program, "demo", "--listen", FREE, "--admin", FREE, "--metrics", FREE, "--rate", "25", "--past", "0s"], folder, environment) as demo, \
         Instance([program, "serve", "--config", str(config)], folder, guarded) as closed:
        api = demo.dashboard + "api/v1/"
        ask(api + "tenants/default", "PUT", {"name": "The team", "budgets": ["40.00/day"]})
        ask(api + "keys", "POST", {"name": "ci", "tenant": "default", "labels": {"team": "platform"}, "budgets": ["5.00/day"], "ttl": "90d"})
        until(lambda: ask(api + "limits")["pools"], "a limit")
        until(Limits(demo).are_changed, "a changed limit")
        until(lambda: any(one["spans"] for one in ask(api + "billed")["providers"]), "two readings of the balance")
        until(lambda: len(ask(api + "requests?limit=60")["entries"]) == 60, "sixty requests in the ledger")
        yield demo, closed
