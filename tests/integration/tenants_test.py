# SPDX-License-Identifier: Apache-2.0
"""Budgets and limits of tenants and keys, in a whole `tidegate serve` in front of the simulator; also over `kill -9`.

    tenants_test.py TIDEGATE TIDEGATE_SIM
"""
import concurrent.futures
import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from decimal import Decimal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "clients"))
from run_with_gateway import Server, start_gateway

TIDEGATE, SIM = (os.path.abspath(path) for path in sys.argv[1:3])
ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ} | {"NO_PROXY": "127.0.0.1"}
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
PATIENCE = 60  # seconds
MODEL = "claude-haiku-4-5-20251001"


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def message(self):
        return json.loads(self.body)["error"]["message"]


def ask(url, data=None, headers=None, method=None):
    request = urllib.request.Request(url, data, headers or {}, method=method)
    try:
        with OPENER.open(request, timeout=60) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


class TenantsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tidegate-tenants-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.ledger = self.folder / "ledger"

    def start(self, *sim_options, **settings):
        self.sim = Server("tidegate-sim", [SIM, "--instant", "--preset", "unlimited", *sim_options], self.folder, ENVIRONMENT)
        self.addCleanup(self.sim.stop)
        self.start_gateway(**settings)

    def start_gateway(self, **settings):
        self.gateway = start_gateway(TIDEGATE, self.sim.url, self.ledger, self.folder, None, {"auth": "virtual"} | settings)
        self.addCleanup(self.gateway.stop)

    def tidegate(self, *arguments):
        done = subprocess.run([TIDEGATE, *arguments, "--ledger", str(self.ledger)], env=ENVIRONMENT, cwd=self.folder,
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def send(self, key, max_tokens=12, **headers):
        body = {"model": MODEL, "max_tokens": max_tokens, "messages": [{"role": "user", "content": "hi"}]}
        return ask(self.gateway.url + "/v1/messages", json.dumps(body).encode(),
                   {"content-type": "application/json", "x-api-key": key, "anthropic-version": "2023-06-01"} | headers)

    def admin(self, path):
        dashboard = re.search(r"dashboard on (\S+)/", self.gateway.said)[1]
        return json.loads(ask(f"{dashboard}/api/v1/{path}").body)

    def budget(self, of="keys"):
        """The first budget of the only key or tenant, as the running instance has it."""
        return self.admin(of)[of][0]["budgets"][0]

    def until(self, condition):
        """Asks until it is so: a running instance follows the directory within a second, on a busy machine within some."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), deadline)

    def create_key(self, *arguments):
        return self.tidegate("keys", "create", "--name", "k", *arguments)

    def set_budget(self, key, budget):
        self.tidegate("keys", "set", key.split("_")[1], "--budget", "none", "--budget", budget)

    def cost_and_reservation(self, key):
        """In dollars, of one request like all the others of these tests."""
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            held = pool.submit(self.send, key, **{"x-sim-delay-ms": "2000"})
            self.until(lambda: self.budget()["reserved"] != "0.00" or held.done())
            reserved = Decimal(self.budget()["reserved"])
            self.assertEqual(held.result().status, 200)
        cost = Decimal(self.budget()["spent"])
        self.assertLess(0, cost)
        self.assertLess(cost, reserved)
        return cost, reserved

    def test_a_ci_job_gets_a_key_for_an_hour_and_for_what_it_may_spend(self):
        key = self.tidegate("keys", "create", "--ttl", "1h", "--budget", "2.00", "--name", "job 17")
        self.assertRegex(key, r"^tg_\w+_\w+$")
        self.start()
        self.assertEqual(self.send(key).status, 200)
        listed = self.tidegate("keys", "list")
        self.assertRegex(listed, r"job 17 +valid +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ +all +2\.00/life 0\.00\d+ spent 1\.99\d+ left")
        too_much = self.send(key, max_tokens=800_000)
        self.assertEqual(too_much.status, 429)
        self.assertEqual(too_much.headers["x-should-retry"], "false")
        self.assertEqual(json.loads(too_much.body)["error"]["type"], "billing_error")
        self.assertIn("whole budget of 2.00 USD in all", too_much.message)
        self.assertEqual(self.send(key).status, 200, "a smaller one still fits")

    def test_spending_survives_kill_9_at_nine_tenths_of_a_budget(self):
        key = self.create_key("--budget", "5/month")
        self.start()
        cost, reserved = self.cost_and_reservation(key)
        # So that ten fit, and no eleventh: the tenth still finds room for its reservation. Nine are some 90 %.
        budget = 9 * cost + reserved
        self.set_budget(key, f"{budget}/month")
        self.until(lambda: Decimal(self.budget()["limit"]) == budget)
        for _ in range(8):
            self.assertEqual(self.send(key).status, 200)
        self.assertEqual(Decimal(self.budget()["spent"]), 9 * cost)
        self.gateway.process.kill()
        self.gateway.stop()

        self.start_gateway()
        self.assertEqual(Decimal(self.budget()["spent"]), 9 * cost, "as the port opens")
        self.assertEqual(self.send(key).status, 200)
        refused = self.send(key)
        self.assertEqual(refused.status, 429)
        self.assertEqual(refused.headers["x-should-retry"], "false")
        self.assertIn("x-tidegate-budget-warning", refused.headers)
        self.assertRegex(refused.message, r"begins anew at \d{4}-\d\d-01T00:00:00Z")

        # And once more, now that the ledger's database has everything and the journal nothing.
        self.assertEqual(self.gateway.stop(), 0)
        self.start_gateway()
        self.assertEqual(Decimal(self.budget()["spent"]), 10 * cost)
        self.assertEqual(self.send(key).status, 429)

    def test_what_was_in_flight_at_kill_9_counts_with_what_was_set_aside_for_it(self):
        key = self.create_key("--budget", "5")
        self.start()
        cost, reserved = self.cost_and_reservation(key)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            held = [pool.submit(self.send_and_lose, key) for _ in range(2)]
            self.until(lambda: Decimal(self.budget()["reserved"]) == 2 * reserved)
            self.gateway.process.kill()
            self.gateway.stop()
            for one in held:
                one.result()
        self.start_gateway()
        self.assertEqual(Decimal(self.budget()["spent"]), cost + 2 * reserved)

    def send_and_lose(self, key):
        with self.assertRaises((urllib.error.URLError, ConnectionError, http.client.HTTPException)):
            self.send(key, **{"x-sim-delay-ms": "60000"})

    def test_two_hundred_at_once_do_not_spend_more_than_a_budget_for_fifty(self):
        key = self.create_key("--budget", "5")
        self.start()
        cost, reserved = self.cost_and_reservation(key)
        budget = 50 * cost
        self.set_budget(key, str(budget))
        self.until(lambda: Decimal(self.budget()["limit"]) == budget)
        with concurrent.futures.ThreadPoolExecutor(200) as pool:
            statuses = list(pool.map(lambda _: self.send(key).status, range(200)))
        self.assertEqual(set(statuses), {200, 429})
        standing = self.budget()
        served = 1 + statuses.count(200)
        self.assertEqual(Decimal(standing["spent"]), served * cost)
        self.assertLessEqual(served, 50)
        self.assertEqual(Decimal(standing["reserved"]), 0)
        self.assertEqual(Decimal(standing["overspent"]), 0)
        # One after the other the rest of it can be had, as far as a reservation fits.
        while self.send(key).status == 200:
            served += 1
        self.assertGreater(served * cost, budget - reserved)

    def test_a_tenants_budget_holds_all_its_keys_and_shows_everywhere(self):
        self.tidegate("tenants", "set", "web", "--budget", "1000 tokens/hour", "--name", "Web")
        one, other = (self.tidegate("keys", "create", "--name", name, "--tenant", "web") for name in ("ann", "ben"))
        self.start()
        while self.send(one).status == 200:
            pass
        refused = self.send(other)
        self.assertEqual(refused.status, 429)
        self.assertIn("This tenant's budget of 1000 tokens per hour is spent", refused.message)
        self.assertLessEqual(int(refused.headers["retry-after"]), 60)
        self.assertGreaterEqual(int(refused.headers["retry-after"]), 1)
        self.assertEqual(self.admin("tenants")["tenants"][0]["name"], "Web")
        self.until(lambda: [alarm for alarm in self.admin("alarms")["alarms"] if alarm["kind"] == "budget"])
        metrics = ask(re.search(r"metrics on (\S+)", self.gateway.said)[1]).body.decode()
        self.assertIn('tidegate_budget_limit{tenant="web",period="hour",unit="tokens"} 1000', metrics)
        self.assertRegex(metrics, r'tidegate_budget_spent\{tenant="web",period="hour",unit="tokens"\} [89]\d\d')
        shown = subprocess.run([TIDEGATE, "status", "--url", re.search(r"dashboard on (\S+)/", self.gateway.said)[1]], env=ENVIRONMENT,
                               capture_output=True, text=True, timeout=PATIENCE)
        self.assertRegex(shown.stdout, r"web +1000tokens/hour +\d+ +[89]\d\d +0 +0", shown.stderr)
        self.assertRegex(self.tidegate("tenants", "list"), r"web +Web .*1000tokens/hour [89]\d\d spent \d+ left")

    def test_a_limit_that_is_changed_is_in_force_within_moments(self):
        key = self.create_key()
        self.start()
        self.assertNotIn("anthropic-ratelimit-requests-limit: 2", str(self.send(key).headers))
        self.tidegate("keys", "set", key.split("_")[1], "--requests-per-minute", "2")
        self.until(lambda: "requests" in self.admin("keys")["keys"][0])
        first, second, third = (self.send(key) for _ in range(3))
        self.assertEqual([first.status, second.status, third.status], [200, 200, 429])
        self.assertEqual(first.headers["anthropic-ratelimit-requests-limit"], "2")
        self.assertNotIn("anthropic-ratelimit-input-tokens-limit", first.headers)
        self.assertEqual(second.headers["anthropic-ratelimit-requests-remaining"], "0")
        self.assertIn(int(third.headers["retry-after"]), range(1, 31))
        self.assertIn(int(third.headers["retry-after-ms"]), range(1, 30_001))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
