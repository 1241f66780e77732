# SPDX-License-Identifier: Apache-2.0
"""What a running gateway shows of limits and alarms when their reason goes away: with a reload, and with a restart on the same ledger.

    shown_test.py TIDEGATE
"""
import http.server
import json
import os
import pathlib
import re
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "clients"))
from run_with_gateway import Server
from support import FarEnd, fetch

TIDEGATE = os.path.abspath(sys.argv.pop(1))
ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ} | {
    "KEY": "sk-ant-key", "NO_PROXY": "127.0.0.1"}
FREE = "127.0.0.1:0"
QUESTION = json.dumps({"model": "claude-next-9", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}).encode()
ANSWER = json.dumps({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-next-9", "stop_reason": "end_turn", "stop_sequence": None,
                     "content": [{"type": "text", "text": "hi"}], "usage": {"input_tokens": 5, "output_tokens": 1}}).encode()


class ProviderAnswer(http.server.BaseHTTPRequestHandler):
    """A model that no price list knows, of an organisation that has little left."""

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        reset = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
        for name, value in {"content-type": "application/json", "content-length": str(len(ANSWER)), "anthropic-organization-id": "org-1",
                            "anthropic-ratelimit-requests-limit": "50", "anthropic-ratelimit-requests-remaining": "2",
                            "anthropic-ratelimit-requests-reset": reset}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *_):
        pass


class ShownTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tidegate-shown-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.provider = FarEnd(ProviderAnswer)
        self.addCleanup(self.provider.stop)

    def configure(self, name, **more):
        provider = {"name": name, "dialect": "anthropic", "base_url": f"http://127.0.0.1:{self.provider.server_port}", "keys": [{"env": "KEY"}]}
        (self.folder / "tidegate.yaml").write_text(json.dumps({"providers": [provider], "threads": 1} | more))

    def serve(self):
        server = Server("tidegate", [TIDEGATE, "serve", "--config", str(self.folder / "tidegate.yaml"), "--listen", FREE, "--admin", FREE,
                                     "--metrics", FREE, "--ledger", str(self.folder / "ledger")], self.folder, ENVIRONMENT)
        self.addCleanup(server.stop)
        self.admin = re.search(r"dashboard on (\S+)\n", server.said)[1].rstrip("/")
        self.metrics = re.search(r"metrics on (\S+)\n", server.said)[1]
        return server

    def ask(self, what):
        return json.loads(fetch(f"{self.admin}/api/v1/{what}"))

    def rpm_left(self):
        found = re.search(r"^claude_rpm_left (\S+)$", fetch(self.metrics).decode(), re.MULTILINE)
        return found and float(found[1])

    def reload(self):
        fetch(self.admin + "/api/v1/reload", b"{}")

    def test_a_provider_that_a_restart_takes_away_is_shown_no_more(self):
        self.configure("old")
        server = self.serve()
        fetch(server.url + "/v1/messages", QUESTION)
        self.assertEqual([pool["pool"] for pool in self.ask("limits")["pools"]], ["old/org-1"])
        self.assertLess(self.rpm_left(), 50)
        self.assertFalse(self.ask("guard?min_left=99%25")["ok"])
        server.stop()
        server = self.serve()
        self.assertEqual([pool["pool"] for pool in self.ask("limits")["pools"]], ["old/org-1"])  # known as long as it is configured
        server.stop()
        self.configure("new")
        self.serve()
        self.assertEqual(self.ask("limits")["pools"], [])
        self.assertIsNone(self.rpm_left())
        self.assertTrue(self.ask("guard?min_left=99%25")["ok"])

    def test_a_reload_ends_what_it_takes_the_reason_from(self):
        self.configure("old")
        server = self.serve()
        fetch(server.url + "/v1/messages", QUESTION)
        alarms = {alarm["kind"]: alarm["message"] for alarm in self.ask("alarms")["alarms"]}
        self.assertIn("no price row covers claude-next-9 (old), counted at `prices.unknown_model`", alarms["price_unknown"])
        row = {"model": "claude-next-9", "from": "2026-01-01", "input": 1, "cache_read": 1, "cache_write_5m": 1, "cache_write_1h": 1, "output": 1, "source": "test"}
        self.configure("new", prices={"rows": [row]})
        self.reload()
        self.assertNotIn("price_unknown", [alarm["kind"] for alarm in self.ask("alarms")["alarms"]])
        self.assertEqual(self.ask("limits")["pools"], [])


if __name__ == "__main__":
    unittest.main()
