#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""From a scarce limit to a message: Prometheus scrapes Tidegate, a shipped rule fires, Alertmanager is told, its webhook arrives. And
without Prometheus: Tidegate's own alert in Alertmanager, from its beginning to its end.

    tests/stack/alerting_test.py TIDEGATE SIMULATOR
"""
import http.server
import json
import os
import sys
import tempfile
import threading
import unittest
from pathlib import Path

import yaml

from stack import DEPLOY, Demo, Gateway, Program, Prometheus, fetch, free_port, needs, quick_rules, until

PROGRAM, SIMULATOR = (os.path.abspath(path) for path in sys.argv[1:3]) if len(sys.argv) > 2 else ("", "")
MESSAGE = json.dumps({"model": "claude-haiku-4-5", "max_tokens": 16, "messages": [{"role": "user", "content": "hi"}]}).encode()


class Receiver(http.server.ThreadingHTTPServer):
    """Keeps what Alertmanager posts."""

    def __init__(self) -> None:
        self.messages: list[dict] = []
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def alerts(self) -> list[dict]:
        return [alert for message in list(self.messages) for alert in message["alerts"]]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.server.messages.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_) -> None:
        pass


class Alerting(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def start(self, program):
        self.addCleanup(program.stop)
        return program

    def alertmanager(self, receiver: Receiver) -> str:
        config = yaml.safe_load((DEPLOY / "alertmanager" / "alertmanager.yml").read_text())
        config["receivers"][0]["webhook_configs"] = [{"url": f"http://127.0.0.1:{receiver.server_port}/", "send_resolved": True}]
        for route in (config["route"], *config["route"]["routes"]):
            route |= {"group_wait": "0s", "group_interval": "1s"}
        (self.folder / "alertmanager.yml").write_text(json.dumps(config))
        url = f"http://127.0.0.1:{free_port()}"
        self.start(Program(self.folder, "alertmanager", [
            "prometheus-alertmanager", "--config.file", self.folder / "alertmanager.yml", "--storage.path", self.folder / "alertmanager",
            "--web.listen-address", url.removeprefix("http://"), "--cluster.listen-address="]))
        until(lambda: fetch(url + "/-/ready"), "Alertmanager getting ready")
        return url

    def test_a_rule_fires_and_its_message_arrives(self) -> None:
        receiver = Receiver()
        self.addCleanup(receiver.server_close)
        self.addCleanup(receiver.shutdown)
        # Far more is asked for than the smallest tier allows: its pools run empty and stay so.
        demo = self.start(Demo(self.folder, PROGRAM, "--preset", "tier1", "--rate", "20"))
        alertmanager = self.alertmanager(receiver)
        prometheus = self.start(Prometheus(self.folder, {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(quick_rules(self.folder) / "*.yaml")],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager.removeprefix("http://")]}]}]},
            "scrape_configs": [{"job_name": "tidegate", "static_configs": [{"targets": [demo.metrics]}]}]}))

        def said(name: str, status: str) -> list[dict]:
            return [alert for alert in receiver.alerts() if alert["labels"]["alertname"] == name and alert["status"] == status]

        until(lambda: prometheus.query('up{job="tidegate"} == 1'), "a scrape of Tidegate")
        until(lambda: prometheus.query('ALERTS{alertname=~"Tidegate(Tokens|Requests)RemainingLow",alertstate="firing"}'), "a rule that fires")
        until(lambda: said("TidegateTokensRemainingLow", "firing") or said("TidegateRequestsRemainingLow", "firing"), "the message of a low pool")
        low = (said("TidegateTokensRemainingLow", "firing") or said("TidegateRequestsRemainingLow", "firing"))[0]
        self.assertIn(low["labels"]["pool"].split("/")[0], ("anthropic", "openai"))
        self.assertRegex(low["annotations"]["runbook_url"], r"^docs/runbooks/(tokens|requests)_remaining_low\.md$")
        known = {alert["labels"]["alertname"] for alert in json.loads(fetch(alertmanager + "/api/v2/alerts"))}
        self.assertIn(low["labels"]["alertname"], known)

        # Tidegate goes: that is told, and what else would be said of it is held back.
        demo.stop()
        until(lambda: said("TidegateDown", "firing"), "the message that Tidegate is down")
        until(lambda: any("TidegateDown" == alert["labels"]["alertname"] for alert in json.loads(fetch(alertmanager + "/api/v2/alerts"))), "Alertmanager knowing it")
        self.assertEqual(said("TidegateDown", "firing")[0]["labels"]["severity"], "critical")
        self.assertNotIn("sk-", json.dumps(receiver.messages))

    def test_tidegates_own_alert_is_seen_in_alertmanager_and_ends_there(self) -> None:
        receiver = Receiver()
        self.addCleanup(receiver.server_close)
        self.addCleanup(receiver.shutdown)
        url = self.alertmanager(receiver)

        def settings(daily_budget: str) -> dict:
            return {"alerts": {"daily_budget": daily_budget, "grouping": "0s", "rules": [{"name": "daily_cost_high", "every": "1s"}],
                               "receivers": [{"name": "alertmanager", "kind": "alertmanager", "url": url}]}}

        def known() -> list[dict]:
            return [alert for alert in json.loads(fetch(url + "/api/v2/alerts")) if alert["labels"]["alertname"] == "daily_cost_high"]

        gateway = self.start(Gateway(self.folder, PROGRAM, SIMULATOR, settings("0.000001")))
        fetch(gateway.gateway + "/v1/messages", MESSAGE, {"anthropic-version": "2023-06-01", "content-type": "application/json"})
        until(known, "Alertmanager knowing of the budget")
        alert = known()[0]
        self.assertEqual({name: alert["labels"][name] for name in ("severity", "subject", "job")}, {"severity": "critical", "subject": "all", "job": "tidegate"})
        self.assertEqual(alert["status"]["state"], "active")
        self.assertIn("Everything together has spent", alert["annotations"]["summary"])
        until(lambda: any(told["status"] == "firing" for told in receiver.alerts()), "the message of the budget")

        gateway.reload(settings("0"))
        until(lambda: not known(), "Alertmanager knowing that it is over")
        until(lambda: any(told["status"] == "resolved" for told in receiver.alerts()), "the message that it is over")
        self.assertEqual({told["labels"]["alertname"] for told in receiver.alerts()}, {"daily_cost_high"})


if __name__ == "__main__":
    needs("prometheus", "prometheus-alertmanager")
    del sys.argv[1:3]
    unittest.main()
