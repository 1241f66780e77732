#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every query of every panel of deploy/grafana, asked of a running Prometheus that scrapes Tidegate under a team's traffic.

    tests/stack/dashboards_test.py TIDEGATE SIMULATOR
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import yaml

from stack import DEPLOY, ROOT, Program, Prometheus, needs, quick_rules, until

PROGRAM, SIMULATOR = (os.path.abspath(path) for path in sys.argv[1:3]) if len(sys.argv) > 2 else ("", "")
DASHBOARDS = sorted((DEPLOY / "grafana").glob("*.json"))
# Queries without data here, each with its reason.
MAY_BE_EMPTY = {
    "min(tidegate_certificate_expiry_timestamp_seconds) - time()": "this instance serves without TLS",
    "min by (provider, currency) (tidegate_provider_balance)": "the simulator has no balance to ask for",
    "max by (scope, name, limit) (tidegate_forecast_exhaustion_probability)": "a forecast needs a history",
    "min by (pool, model_group) (tidegate_pool_seconds_to_exhaustion)": "a pool that fills or stays level has none",
}
CONFIG = {
    "listen": {"address": "127.0.0.1:0"}, "admin": {"address": "127.0.0.1:0"}, "metrics": {"address": "127.0.0.1:0"},
    "shadow": {"provider": "relay", "share": 1, "max_per_minute": 1000},
    "routes": [{"model": "gpt-*", "provider": "openai"}, {"model": "*", "provider": "anthropic"}],
}


def queries() -> list[tuple[str, str, bool]]:
    """Dashboard and panel, expression, and whether it is drawn over time."""
    found = []
    for file in DASHBOARDS:
        dashboard = json.loads(file.read_text())
        for panel in dashboard["panels"]:
            for target in panel["targets"]:
                found.append((f'{dashboard["title"]} / {panel["title"]}', target["expr"], target["range"]))
    return found


class Dashboards(unittest.TestCase):
    def start(self, program) -> Program:
        self.addCleanup(program.stop)
        return program

    def test_no_panel_is_without_data(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        work = Path(folder.name)
        simulator = self.start(Program(work, "simulator", [SIMULATOR, "--preset", "build", "--first-token-seconds", "0.05", "--mean-output-tokens", "40",
                                                           "--tokens-per-second", "500"])).waits_for(r"listening on (\S+)$")[1]
        keys = [{"env": "TEST_KEY"}]
        settings = CONFIG | {"ledger": {"directory": str(work / "ledger")}, "providers": [
            {"name": name, "base_url": simulator, "dialect": "openai" if name == "openai" else "anthropic", "keys": keys}
            for name in ("anthropic", "relay", "openai")]}
        (work / "tidegate.yaml").write_text(json.dumps(settings))  # JSON is YAML
        # A budget of the day, for the panel of daily cost.
        subprocess.run([PROGRAM, "tenants", "set", "default", "--budget", "1000/day", "--ledger", work / "ledger"], check=True, capture_output=True, timeout=60)
        gateway = self.start(Program(work, "tidegate", [PROGRAM, "serve", "--config", work / "tidegate.yaml"], os.environ | {"TEST_KEY": "sk-test"}))
        url = gateway.waits_for(r"^tidegate listening on (\S+)$")[1]
        metrics = gateway.waits_for(r"^metrics on http://(\S+)/metrics$")[1]
        self.start(Program(work, "team", [SIMULATOR, "traffic", url, "--rate", "15", "--swing", "0"]))
        prometheus = self.start(Prometheus(work, {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(quick_rules(work) / "*.yaml")],
            "scrape_configs": [{"job_name": "tidegate", "static_configs": [{"targets": [metrics]}]}]}))

        def without_data() -> list[str]:
            empty = []
            for place, expression, _ in queries():
                asked = expression.replace("$__rate_interval", "1m").replace("$__range", "1h")
                # NaN is what a division by nothing gives: a figure that Grafana would not draw.
                if not any(sample["value"][1] != "NaN" for sample in prometheus.query(asked)) and expression not in MAY_BE_EMPTY:
                    empty.append(f"{place}: {asked}")
            return empty

        seen: list[str] = []

        def all_have() -> bool:
            seen[:] = without_data()
            return not seen

        try:
            until(all_have, "data in every panel")
        except AssertionError:
            self.fail("without data:\n" + "\n".join(seen) + "\n" + gateway.said()[-2000:])
        # Recording rules as well: what people ask for by their names. Nothing fails here, so that one has no errors to tell of.
        groups = yaml.safe_load((DEPLOY / "prometheus" / "rules" / "recording.yaml").read_text())["groups"]
        for name in {rule["record"] for group in groups for rule in group["rules"]} - {"provider:tidegate_upstream_errors:rate5m"}:
            until(lambda: prometheus.query(name), f"a value of {name}")

    def test_the_overview_begins_with_the_four_figures_and_their_thresholds(self) -> None:
        overview = json.loads((DEPLOY / "grafana" / "overview.json").read_text())
        told = [(panel["title"], panel["interval"], [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]])
                for panel in overview["panels"][:4]]
        self.assertEqual(told, [("Requests remaining", "10s", [None, 0.2, 0.4]), ("Tokens remaining", "10s", [None, 1000, 5000]),
                                ("Cost today, of the daily budget", "60s", [None, 0.6, 0.8]), ("Success rate", "30s", [None, 0.99, 0.995])])
        self.assertEqual(overview["refresh"], "10s")

    def test_a_panel_that_may_be_empty_says_why(self) -> None:
        for file in DASHBOARDS:
            for panel in json.loads(file.read_text())["panels"]:
                expressions = {target["expr"] for target in panel["targets"]}
                # Zeros are a forecast as well, and there from the first minute on.
                for expression in expressions & (set(MAY_BE_EMPTY) - {"max by (scope, name, limit) (tidegate_forecast_exhaustion_probability)"}):
                    self.assertTrue(panel["fieldConfig"]["defaults"].get("noValue"), f"{file.name}: {expression}")

    def test_files_are_what_the_tables_say_and_use_the_provisioned_source(self) -> None:
        subprocess.run([sys.executable, ROOT / "tools" / "grafana_dashboards.py", "--check"], check=True, timeout=60)
        sources = yaml.safe_load((DEPLOY / "grafana" / "provisioning" / "datasources" / "prometheus.yaml").read_text())["datasources"]
        uids = {source["uid"] for source in sources}
        dashboards = [json.loads(file.read_text()) for file in DASHBOARDS]
        self.assertEqual(len({dashboard["uid"] for dashboard in dashboards}), 6)
        for dashboard in dashboards:
            for panel in dashboard["panels"]:
                self.assertIn(panel["datasource"]["uid"], uids)
                self.assertLessEqual(panel["gridPos"]["x"] + panel["gridPos"]["w"], 24)


if __name__ == "__main__":
    needs("prometheus")
    del sys.argv[1:3]
    unittest.main()
