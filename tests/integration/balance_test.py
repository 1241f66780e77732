# SPDX-License-Identifier: Apache-2.0
"""What is left of the money at a relay, as `tidegate serve` asks for it, tells it and warns of it.

    balance_test.py TIDEGATE

Nothing waits for a time to pass: what is to happen is asked for until it has.
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

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "clients"))
from run_with_gateway import Server
from support import PATIENCE, FarEnd, fetch, until

TIDEGATE = os.path.abspath(sys.argv.pop(1))
KEY, TOKEN = "sk-relay-key", "access-token"
ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ} | {
    "RELAY_KEY": KEY, "RELAY_TOKEN": TOKEN, "NO_PROXY": "127.0.0.1"}
FREE = "127.0.0.1:0"


class RelayAnswer(http.server.BaseHTTPRequestHandler):
    """A new-api site with an account of 3 dollars, and a key of it that may still spend 40. `used` is in hundredths of a dollar."""

    PAGES = {
        ("/v1/dashboard/billing/subscription", f"Bearer {KEY}"): {"object": "billing_subscription", "hard_limit_usd": 50.25},
        ("/v1/dashboard/billing/usage", f"Bearer {KEY}"): {"object": "list", "total_usage": 1025},
        ("/api/user/self", TOKEN): {"success": True, "data": {"quota": 1500000}},
        ("/api/status", None): {"success": True, "data": {"quota_per_unit": 500000, "quota_display_type": "USD"}},
    }

    def do_GET(self):
        self.server.asked.append(self.path)
        page = self.PAGES.get((self.path, self.headers["authorization"]))
        if page and "total_usage" in page:
            page = page | {"total_usage": self.server.used}
        answer = json.dumps(page or {"error": {"message": f"wrong: {self.headers['authorization']}", "type": "new_api_error"}}).encode()
        self.send_response(200 if page else 401)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class BalanceTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tidegate-balance-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.relay = FarEnd(RelayAnswer, asked=[], used=1025)
        self.addCleanup(self.relay.stop)

    def configure(self, **balance):
        relay = {"name": "relay", "base_url": f"http://127.0.0.1:{self.relay.server_port}/anthropic", "keys": [{"env": "RELAY_KEY"}]}
        (self.folder / "tidegate.yaml").write_text(json.dumps({"providers": [relay | ({"balance": balance} if balance else {})], "threads": 1}))

    def serve(self):
        self.server = Server("tidegate", [TIDEGATE, "serve", "--config", str(self.folder / "tidegate.yaml"), "--listen", FREE, "--admin", FREE,
                                          "--metrics", FREE, "--ledger", str(self.folder / "ledger")], self.folder, ENVIRONMENT)
        self.addCleanup(self.server.stop)
        addresses = re.search(r"metrics on (\S+)\ndashboard on (\S+)\n", self.server.said).groups()
        self.metrics, self.admin = (address.rstrip("/") for address in addresses)

    def fetch(self, url, body=None):
        return fetch(url, body).decode()

    def balances(self):
        return json.loads(self.fetch(self.admin + "/api/v1/status"))["balances"]

    def alarms(self):
        return {alarm["kind"]: alarm for alarm in json.loads(self.fetch(self.admin + "/api/v1/alarms"))["alarms"]}

    def reload(self):
        self.fetch(self.admin + "/api/v1/reload", b"{}")

    def status_text(self):
        return subprocess.run([TIDEGATE, "status", "--url", self.admin], env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE,
                              check=True).stdout

    def test_is_told_warned_of_and_forgotten(self):
        self.configure(kind="new_api")
        self.serve()
        known = until("the first reading", lambda: [one for one in self.balances() if one["state"] != "pending"])[0]
        self.assertEqual((known["provider"], known["state"], known["amounts"]), ("relay", "good", [{"currency": "USD", "left": "40.00"}]))
        self.assertIn('tidegate_provider_balance{provider="relay",currency="USD"} 40\n', self.fetch(self.metrics))
        self.assertRegex(self.status_text(), r"relay +40\.00 USD +5\.00  read ")
        self.assertEqual(self.alarms(), {})

        self.configure(kind="new_api", key={"env": "RELAY_TOKEN"})
        self.reload()
        self.assertIn("3.00 USD is left, less than 5.00", until("the account is low", lambda: self.alarms().get("balance_low"))["message"])
        self.assertRegex(self.status_text(), r"relay +3\.00 USD +5\.00  LOW, read ")

        self.configure()
        self.reload()
        until("nobody is asked any more", lambda: not self.balances() and not self.alarms())
        self.assertNotIn("tidegate_provider_balance{", self.fetch(self.metrics))

    def test_what_was_billed_is_what_the_balance_lost_and_a_top_up_hides_it(self):
        self.configure(kind="new_api", every="10s")
        self.serve()
        billed = lambda: json.loads(self.fetch(self.admin + "/api/v1/billed"))["providers"]
        self.assertEqual(until("the first reading", billed),
                         [{"provider": "relay", "currency": "USD", "covered_seconds": 0, "billed": 0, "ours": 0, "top_ups": 0, "spans": []}])
        self.relay.used += 75
        known = until("the second reading", lambda: next((one for one in billed() if one["spans"]), None))
        (since, end, amount, ours), = known["spans"]
        self.assertEqual((amount, ours, known["billed"], known["top_ups"]), (0.75, 0, 0.75, 0))
        self.assertGreaterEqual(end - since, 9)
        self.relay.used -= 500
        known = until("the third reading", lambda: next((one for one in billed() if len(one["spans"]) > 1), None))
        self.assertEqual((known["spans"][1][2], known["billed"], known["top_ups"]), (None, 0.75, 1))

    def test_a_failure_repeats_no_key(self):
        self.configure(kind="openrouter")
        self.serve()
        known = until("the first failure", lambda: [one for one in self.balances() if "trouble" in one])[0]
        self.assertEqual((known["state"], known["trouble"]), ("pending", "/api/v1/key answers 401 (new_api_error): the key is refused"))
        self.assertEqual(self.relay.asked, ["/api/v1/credits", "/api/v1/key"])
        told = self.fetch(self.admin + "/api/v1/status") + self.fetch(self.admin + "/api/v1/config") + self.status_text() + self.server.errors()
        self.assertNotIn(KEY, told)


if __name__ == "__main__":
    unittest.main(verbosity=2)
