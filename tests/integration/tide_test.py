#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One tide of `tidegate demo`: the forecast sees it coming, the action widens the tier, and the alert is over.

    tests/integration/tide_test.py TIDEGATE

The demo's clock runs PACE times faster, so what follows is what some minutes of it show: the forecast is the product's own, made from
the past that the demo makes up and the traffic that it sends. Nothing in the demo says what it must find.
"""
import json
import re
import unittest

from demo_process import DemoTest

PACE = 10
POOL = "anthropic/sonnet-5"


class Tide(DemoTest):
    ARGUMENTS = ("--pace", str(PACE), "--rate", "0.5", "--past", "49h")
    patience = 150  # all steps together take a third of it

    def changes(self, rule: str, to: str) -> list:
        return [one for one in self.ask("alerts")["history"] if one["rule"] == rule and one["to"] == to]

    def limit(self):
        """Requests a minute of the pool, as its headers said last."""
        limits = {(pool["model_group"], one["dimension"]): one.get("limit") for pool in self.ask("limits")["pools"] for one in pool["limits"]}
        return limits.get(("sonnet-5", "requests"))

    def upgrades(self) -> list:
        return json.loads(self.fetch(self.urls["simulated provider"] + "/sim/upgrades"))["upgrades"]

    def test_is_forecast_and_acted_on(self) -> None:
        own = self.until(self.limit, "a limit of " + POOL)
        fired = self.until(lambda: self.changes("exhaustion_forecast", "firing"), "the alert of the forecast")[-1]
        self.assertIn(POOL + " requests per minute", fired["subject"])
        self.assertRegex(fired["summary"], r"exhausted with probability \d+.*, first in \d+ min; .*level \d+ % of the limit")

        upgrade = self.until(self.upgrades, "the upgrade")[0]
        self.assertEqual((upgrade["tier"], upgrade["factor"]), ("double", 2))
        self.until(lambda: self.limit() == 2 * own, "the wider limit in the answers' headers")
        change = self.until(lambda: [one for one in self.ask("alerts")["limit_changes"]
                                     if (one["model_group"], one["dimension"], one["after"]) == ("sonnet-5", "requests", 2 * own)],
                            "the change of the limit in the history")[0]
        self.assertEqual(change["before"], own)

        over = self.until(lambda: self.changes("exhaustion_forecast", "resolved"), "the end of the alert")[-1]
        self.assertEqual(over["subject"], fired["subject"])
        self.until(lambda: self.upgrades() and self.upgrades()[0]["given_back"], "the return of the action")
        self.assertEqual(self.limit(), 2 * own, "the wider tier was taken back before the tide fell")


if __name__ == "__main__":
    unittest.main()
