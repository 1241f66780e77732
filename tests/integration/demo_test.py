#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Starts `tidegate demo` as a newcomer does, sees its traffic arrive everywhere, and ends it.

    tests/integration/demo_test.py TIDEGATE
"""
import json
import os
import re
import signal
import subprocess
import unittest
from pathlib import Path

from demo_process import PATIENCE, PROGRAM, DemoTest


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Demo(DemoTest):
    ARGUMENTS = ("--rate", "30", "--past", "10m")

    def children(self) -> list[int]:
        """The provider, and the team, which is started after the dashboard's line."""
        return self.until(lambda: len(found := children_of(self.process.pid)) == 2 and found, "the start of both children")

    def said(self) -> str:
        return (self.folder / "log").read_text()  # by a file of its own: the demo writes where `self.log` stands

    def test_says_in_words_which_child_died(self) -> None:
        provider, team = self.children()
        os.kill(team, signal.SIGKILL)
        self.until(lambda: "the simulated team ended (signal 9 (Killed)); serving goes on" in self.said(), "a word about the team")
        self.assertIn("<title>Tidegate</title>", self.fetch(self.urls["dashboard"]))
        os.kill(provider, signal.SIGKILL)
        self.assertEqual(self.process.wait(timeout=PATIENCE), 1)
        self.assertIn("the simulated provider ended (signal 9 (Killed)), and with it the demo", self.said())

    def test_is_alive_everywhere_and_leaves_nothing_behind(self) -> None:
        dashboard = self.urls["dashboard"]
        self.assertIn("<title>Tidegate</title>", self.fetch(dashboard))

        def users_seen():
            lines = json.loads(self.fetch(dashboard + "api/v1/windows?window=60s&by=user"))["lines"]
            users = {line["value"] for line in lines if line["output_tokens"] > 0}
            return users if {"ada", "ci", "support-bot"} <= users else None

        self.until(users_seen, "traffic of several users")
        self.assertTrue(json.loads(self.fetch(dashboard + "api/v1/limits"))["pools"])
        metrics = self.fetch(self.urls["metrics"])
        self.assertRegex(metrics, re.compile(r'^claude_req_total\{status="200"\} \d', re.M))
        self.assertRegex(metrics, re.compile(r'^tidegate_room_in_flight_requests\{provider="anthropic",model_group="[a-z0-9-]+"\} \d', re.M))

        told = json.loads(self.fetch(dashboard + "api/v1/rooms"))
        pools = [pool for room in told["rooms"] if room["provider"] == "anthropic" for pool in room["pools"] if pool["levels"]]
        self.assertTrue(pools, told)
        keys = {key["name"]: key for provider in told["provider_keys"] if provider["provider"] == "anthropic" for key in provider["keys"]}
        self.assertTrue(keys[pools[0]["keys"][0]]["in_rotation"])
        self.assertEqual(keys[pools[0]["keys"][0]]["pool"], pools[0]["pool"])
        status = subprocess.run([PROGRAM, "status", "--url", dashboard], capture_output=True, text=True, timeout=PATIENCE, check=True).stdout
        for heading in ("limit of", "leads to", "last minute, by user"):
            self.assertIn(heading, status)

        def costs():
            told = subprocess.run([PROGRAM, "cost", "--ledger", "tidegate-demo", "--by", "user", "--format", "json"],
                                  cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE, check=True)
            return float(json.loads(told.stdout)["total_usd"]) > 0

        self.until(costs, "a cost in the ledger")
        guard = subprocess.run([PROGRAM, "guard", "--url", dashboard, "--max-requests", "1"], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(guard.returncode, 2, guard.stdout + guard.stderr)

        children = self.children()
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(timeout=PATIENCE), 0)
        for child in children:
            self.assertFalse(os.path.exists(f"/proc/{child}"), "a child outlived the demo")


if __name__ == "__main__":
    unittest.main()
