# SPDX-License-Identifier: Apache-2.0
"""What is done when an alert fires, in a whole `tidegate serve` in front of the simulator; also over `kill -9`, and by hand.

    actions_test.py TIDEGATE TIDEGATE_SIM
"""
import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "clients"))
import run_with_gateway
import support

TIDEGATE, SIM = (os.path.abspath(path) for path in sys.argv[1:3])
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
PATIENCE = 90  # seconds
MODEL = "claude-haiku-4-5-20251001"
# Of a day, in dollars: any request is beyond the first, none of these is beyond the other.
SPENT, FAR_FROM_SPENT = "0.000001", "1000"
os.environ["TIDEGATE_SPARE_KEY"] = "sk-ant-spare-key"  # start_gateway hands it on


def ask(url, data=None, headers=None, method=None):
    request = urllib.request.Request(url, data, headers or {}, method=method)
    try:
        with OPENER.open(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


class Receiver(support.FarEnd):
    """Somebody who is told of alerts."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.server.messages.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    def __init__(self):
        super().__init__(self.Handler, messages=[])
        self.url = f"http://127.0.0.1:{self.server_port}/"

    def notes(self):
        return [f"{note['action']} {note['text']}" for message in list(self.messages) for note in message["actions"]]


class ActionsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tidegate-actions-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.ledger = self.folder / "ledger"
        self.receiver = Receiver()
        self.addCleanup(self.receiver.stop)
        self.sim = run_with_gateway.Server("tidegate-sim", [SIM, "--instant", "--preset", "unlimited"], self.folder, dict(os.environ))
        self.addCleanup(self.sim.stop)
        self.key = self.tidegate("keys", "create", "--name", "k", "--tenant", "web", "--ledger", str(self.ledger)).stdout.strip()
        self.tidegate("tenants", "set", "web", "--requests-per-minute", "1000", "--ledger", str(self.ledger))

    def settings(self, daily_budget, actions):
        provider = {"base_url": self.sim.url, "dialect": "anthropic"}
        keys = [{"env": "TIDEGATE_TEST_KEY"}]
        return {
            "auth": "virtual",
            "prices": {},
            "providers": [{"name": "anthropic", "keys": [*keys, {"env": "TIDEGATE_SPARE_KEY", "spare": True}]} | provider, {"name": "relay", "keys": keys} | provider],
            "alerts": {
                "daily_budget": daily_budget,
                "grouping": "0s",
                "rules": [{"name": "daily_cost_high", "every": "1s", "for": "0s"}],
                "receivers": [{"name": "robot", "kind": "webhook", "url": self.receiver.url}],
                "actions": [{"rules": ["daily_cost_high"], "cooldown": "0s", "keep": "0s"} | action for action in actions],
            },
        }

    def start(self, *settings):
        self.gateway = run_with_gateway.start_gateway(TIDEGATE, self.sim.url, self.ledger, self.folder, None, self.settings(*settings))
        self.addCleanup(self.gateway.stop)
        self.dashboard = re.search(r"dashboard on (\S+)/", self.gateway.said)[1]

    def reload(self, *settings):
        (self.folder / "tidegate.yaml").write_text(run_with_gateway.gateway_config(self.sim.url, self.ledger, None, self.settings(*settings)))
        status, _, body = self.admin("reload", {})
        self.assertEqual(status, 200, body)

    def tidegate(self, *arguments, code=0):
        done = subprocess.run([TIDEGATE, *arguments], env=dict(os.environ), cwd=self.folder, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def admin(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        return ask(f"{self.dashboard}/api/v1/{path}", data, {"content-type": "application/json"} if data else {})

    def get(self, path):
        return json.loads(self.admin(path)[2])

    def states(self):
        return {action["name"]: action["state"] for action in self.get("actions")["actions"]}

    def until(self, condition, what):
        support.until(lambda: f"{what()}\n{self.gateway.errors()}", condition, PATIENCE)

    def until_all(self, state):
        self.until(lambda: set(self.states().values()) == {state}, self.states)

    def send(self, **headers):
        body = {"model": MODEL, "max_tokens": 12, "messages": [{"role": "user", "content": "hi"}]}
        return ask(self.gateway.url + "/v1/messages", json.dumps(body).encode(),
                   {"content-type": "application/json", "x-api-key": self.key, "anthropic-version": "2023-06-01"} | headers)

    def provider(self):
        status, headers, body = self.send()
        self.assertEqual(status, 200, body)
        return headers["x-tidegate-provider"]

    def requests_per_minute(self):
        return next(tenant["requests_per_minute"] for tenant in self.get("tenants")["tenants"] if tenant["id"] == "web")

    def keys_of_anthropic(self):
        """Those in rotation."""
        of = next(one for one in self.get("rooms")["provider_keys"] if one["provider"] == "anthropic")
        return sorted(key["name"] for key in of["keys"] if key["in_rotation"] and not key["draining"])

    def check_in_force(self):
        self.assertEqual(self.requests_per_minute(), 500)
        self.until(lambda: self.provider() == "relay", lambda: "the share")
        self.until(lambda: len(self.keys_of_anthropic()) == 2, self.keys_of_anthropic)
        status, headers, body = self.send(**{"x-tidegate-priority": "batch", "x-tidegate-max-wait": "1s"})
        self.assertEqual(status, 429)
        self.assertIn("held back", json.loads(body)["error"]["message"])
        self.assertEqual(headers["retry-after"], "60")

    def check_returned(self):
        self.assertEqual(self.requests_per_minute(), 1000)
        self.until(lambda: self.provider() == "anthropic", lambda: "the share")
        self.until(lambda: len(self.keys_of_anthropic()) == 1, self.keys_of_anthropic)
        self.assertEqual(self.send(**{"x-tidegate-priority": "batch"})[0], 200)

    ACTIONS = [
        {"name": "brake", "kind": "tenant_limit", "tenant": "web", "factor": 0.5},
        {"name": "batch_waits", "kind": "pause_batch"},
        {"name": "shift", "kind": "shift_share", "provider": "anthropic", "share": 1},
        {"name": "more_keys", "kind": "enable_key", "provider": "anthropic", "key": "TIDEGATE_SPARE_KEY"},
    ]

    def test_what_an_alert_begins_outlives_a_restart_and_returns_when_the_alert_is_over(self):
        self.start(SPENT, self.ACTIONS)
        self.assertEqual(set(self.states().values()), {"idle"})
        self.assertEqual(self.provider(), "anthropic")
        self.until_all("done")
        self.check_in_force()
        alert = next(one for one in self.get("alerts")["alerts"] if one["rule"] == "daily_cost_high")
        self.assertEqual(sorted(one["name"] for one in alert["actions"]), sorted(one["name"] for one in self.ACTIONS))
        incidents = {action["name"]: action["incident"] for action in self.get("actions")["actions"]}

        self.gateway.process.kill()
        self.gateway.stop()
        self.start(SPENT, self.ACTIONS)
        self.until_all("done")
        self.check_in_force()
        self.assertEqual({action["name"]: action["incident"] for action in self.get("actions")["actions"]}, incidents, "nothing was begun anew")

        self.until(lambda: any(one["rule"] == "daily_cost_high" and one["state"] == "firing" for one in self.get("alerts")["alerts"]), lambda: "the alert")
        self.reload(FAR_FROM_SPENT, self.ACTIONS)
        self.until_all("returned")
        self.check_returned()
        audit = [(entry["actor"], entry["subject"], entry["text"]) for entry in self.get("audit?limit=1000")["entries"]]
        for action in self.ACTIONS:
            texts = [text for actor, subject, text in audit if actor == "alert daily_cost_high" and subject == f"action {action['name']}"]
            self.assertIn("is back: the alert is over", texts[0])
            self.assertIn("triggered", texts[-1])
        self.until(lambda: any(note.startswith("brake is back: the alert is over") for note in self.receiver.notes()), self.receiver.notes)

    def test_somebody_runs_actions_and_takes_them_back(self):
        self.start(FAR_FROM_SPENT, self.ACTIONS)
        for action in self.ACTIONS:
            said = self.tidegate("actions", "run", action["name"], "--by", "ada", "--url", self.dashboard).stdout
            self.assertEqual(said, f"{action['name']} triggered, expected back in 5m\n")
        self.until_all("done")
        self.check_in_force()
        refused = self.tidegate("actions", "run", "brake", "--url", self.dashboard, code=1).stderr
        self.assertIn("not taken back yet", refused)
        self.assertEqual(self.admin("actions/brake/run", {"by": "bob"})[0], 409)
        self.assertEqual(self.admin("actions/nobody/run", {"by": "bob"})[0], 404)
        self.assertRegex(self.tidegate("actions", "--url", self.dashboard).stdout, r"brake +tenant_limit +done +1/10 ")
        for action in self.ACTIONS:
            self.assertEqual(self.admin(f"actions/{action['name']}/return", {"by": "bob"})[0], 200)
        self.until_all("returned")
        self.check_returned()
        for told in ("brake triggered, expected back in 5m (ada asked for it)", "brake is done: tenant web, requests per minute 1000 → 500"):
            self.until(lambda: told in self.receiver.notes(), self.receiver.notes)
        actors = {(entry["actor"], entry["text"].split(" ")[0]) for entry in self.get("audit")["entries"] if entry["subject"] == "action brake"}
        self.assertLessEqual({("ada", "triggered,"), ("bob", "refused:"), ("bob", "is")}, actors)

    def test_a_command_that_fails_is_tried_again_as_the_same_incident(self):
        noted = self.folder / "noted"
        command = ["/bin/sh", "-c", f'echo "$TIDEGATE_INCIDENT $TIDEGATE_ATTEMPT" >> {noted}; test "$TIDEGATE_ATTEMPT" = 2']
        self.start(SPENT, [{"name": "up", "kind": "command", "command": command}])
        self.provider()
        self.until_all("done")
        first, second = noted.read_text().splitlines()
        self.assertEqual(first.split()[0], second.split()[0])
        self.assertEqual([first.split()[1], second.split()[1]], ["1", "2"])
        self.until(lambda: any("worked at last" in note for note in self.receiver.notes()), self.receiver.notes)
        self.assertTrue(any(note.startswith("up failed: ") and "attempt 2 of 4 in 5s" in note for note in self.receiver.notes()), self.receiver.notes())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
