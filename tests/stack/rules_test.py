#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules of deploy/prometheus by the judgement of promtool, and what promtool does not ask: that each alert has a runbook and a
test, and that no rule asks for a metric that does not exist.

    tests/stack/rules_test.py
"""
import re
import subprocess
import unittest
from pathlib import Path

import yaml

from stack import DEPLOY, ROOT, needs, known_metrics

RULES = sorted((DEPLOY / "prometheus" / "rules").glob("*.yaml"))
TESTS = sorted((DEPLOY / "prometheus" / "tests").glob("*.yaml"))


def rules() -> list[dict]:
    return [rule for file in RULES for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]


def alerts() -> list[dict]:
    return [rule for rule in rules() if "alert" in rule]


class Rules(unittest.TestCase):
    def run_tool(self, *command) -> None:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_promtool_accepts_the_configuration_and_its_rules(self) -> None:
        self.run_tool("promtool", "check", "config", DEPLOY / "prometheus" / "prometheus.yml")
        self.run_tool("promtool", "check", "rules", *RULES)

    def test_each_alert_fires_when_it_should_and_not_when_it_should_not(self) -> None:
        self.run_tool("promtool", "test", "rules", *TESTS)

    def test_alertmanager_accepts_its_configuration(self) -> None:
        self.run_tool("amtool", "check-config", DEPLOY / "alertmanager" / "alertmanager.yml")

    def test_each_alert_has_a_runbook_a_summary_and_a_severity(self) -> None:
        for rule in alerts():
            with self.subTest(rule["alert"]):
                self.assertIn(rule["labels"]["severity"], ("info", "warning", "critical"))
                self.assertTrue(rule["annotations"]["summary"])
                runbook = ROOT / rule["annotations"]["runbook_url"]
                self.assertTrue(runbook.is_file(), runbook)
                self.assertIn("## What to do", runbook.read_text())

    def test_each_alert_has_a_test_in_which_it_fires(self) -> None:
        told = [case for file in TESTS for test in yaml.safe_load(file.read_text())["tests"] for case in test["alert_rule_test"]]
        fires = {case["alertname"] for case in told if case["exp_alerts"]}
        self.assertEqual({rule["alert"] for rule in alerts()}, fires)

    def test_rules_ask_for_metrics_that_exist(self) -> None:
        recorded = {rule["record"] for rule in rules() if "record" in rule}
        for rule in rules():
            asked = set(re.findall(r"(?<![:\w])(?:tidegate|claude)_\w+(?![\w:])", rule["expr"]))
            self.assertEqual(asked - known_metrics(), set(), rule)
            self.assertEqual(set(re.findall(r"[\w]+:\w+:\w+", rule["expr"])) - recorded, set(), rule)

    def test_runbooks_are_all_in_the_index(self) -> None:
        folder = ROOT / "docs" / "runbooks"
        index = (folder / "README.md").read_text()
        for page in folder.glob("*.md"):
            if page.name != "README.md":
                self.assertIn(f"({page.name})", index)
            for link in re.findall(r"\]\(([\w./]+\.md)\)", page.read_text()):
                self.assertTrue((folder / link).is_file(), f"{page.name} leads to {link}")


if __name__ == "__main__":
    needs("promtool", "amtool")
    unittest.main()
