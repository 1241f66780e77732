# SPDX-License-Identifier: Apache-2.0
"""What alerts were and who took them on, and how limits changed, after `tidegate serve` was stopped, and after it was killed.

    history_test.py TIDEGATE

Nothing waits for a time to pass: what is to happen is asked for until it has.
"""
import contextlib
import http.server
import json
import os
import pathlib
import re
import signal
import sqlite3
import sys
import tempfile
import time
import unittest
import urllib.error

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "clients"))
from run_with_gateway import Server
from support import PATIENCE, FarEnd, fetch, until

TIDEGATE = os.path.abspath(sys.argv.pop(1))
ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ} | {
    "KEY": "sk-ant-key", "NO_PROXY": "127.0.0.1"}
FREE = "127.0.0.1:0"
QUESTION = json.dumps({"model": "claude-haiku-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}).encode()
ANSWER = json.dumps({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-haiku-4-5", "stop_reason": "end_turn", "stop_sequence": None,
                     "content": [{"type": "text", "text": "hi"}], "usage": {"input_tokens": 5, "output_tokens": 1}}).encode()


class ProviderAnswer(http.server.BaseHTTPRequestHandler):
    """Answers with the limit of requests that the provider has at the moment, or refuses the key."""

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        body = ANSWER
        if self.server.refuses:
            body = json.dumps({"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key"}}).encode()
        self.send_response(401 if self.server.refuses else 200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.send_header("anthropic-organization-id", "org-1")
        for name, value in (("limit", self.server.limit), ("remaining", self.server.limit - 1), ("reset", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))):
            self.send_header(f"anthropic-ratelimit-requests-{name}", str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class HistoryTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tidegate-history-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.provider = FarEnd(ProviderAnswer, limit=1000, refuses=False)
        self.addCleanup(self.provider.stop)
        (self.folder / "tidegate.yaml").write_text(json.dumps({
            "providers": [{"name": "anthropic", "dialect": "anthropic", "base_url": f"http://127.0.0.1:{self.provider.server_port}", "keys": [{"env": "KEY"}]}],
            "alerts": {"rules": [{"name": "limit_changed", "every": "1s"}, {"name": "key_lost", "every": "1s"}]}, "threads": 1}))

    def serve(self):
        self.server = Server("tidegate", [TIDEGATE, "serve", "--config", str(self.folder / "tidegate.yaml"), "--listen", FREE, "--admin", FREE,
                                          "--metrics", FREE, "--ledger", str(self.folder / "ledger")], self.folder, ENVIRONMENT)
        self.addCleanup(self.server.stop)
        self.admin = re.search(r"dashboard on (\S+)\n", self.server.said)[1].rstrip("/")

    def fetch(self, url, body=None):
        return json.loads(fetch(url, body))

    def ask(self):
        """A request; what becomes of it is the provider's."""
        try:
            self.fetch(self.server.url + "/v1/messages", QUESTION)
        except urllib.error.HTTPError as refusal:
            refusal.close()

    def alerts(self):
        return self.fetch(self.admin + "/api/v1/alerts")

    def alert(self, rule, state="firing"):
        return next((one for one in self.alerts()["alerts"] if one["rule"] == rule and one["state"] == state), None)

    def answer(self, alert, what, **body):
        self.fetch(f"{self.admin}/api/v1/alerts/{alert['id']}/{what}", json.dumps(body).encode())

    def change_limits(self):
        """Back and forth, until it has been seen: what is stated first is no change."""
        seen = self.alerts()["limit_changes"]

        def is_seen():
            self.provider.limit = 1800 - self.provider.limit
            self.ask()
            return self.alerts()["limit_changes"] != seen

        until("a change", is_seen)

    def stored(self, question):
        with contextlib.closing(sqlite3.connect(f"file:{self.folder / 'ledger' / 'history.db'}?mode=ro", uri=True)) as database:
            return database.execute(question).fetchone()[0]

    def test_what_was_is_there_after_a_stop_and_after_a_kill(self):
        self.serve()
        self.change_limits()
        changed = until("an alert of the change", lambda: self.alert("limit_changed"))
        self.answer(changed, "silence", minutes=60, by="ada")
        before = self.alerts()
        self.assertIn({before["limit_changes"][0]["before"], before["limit_changes"][0]["after"]}, [{1000, 800}])
        self.assertEqual(self.server.stop(), 0, self.server.errors())

        self.serve()
        told = self.alerts()
        self.assertTrue(before["history"])
        self.assertEqual(told["history"][-len(before["history"]):], before["history"])
        self.assertEqual(told["limit_changes"][:len(before["limit_changes"])], before["limit_changes"])
        self.assertEqual((self.alert("limit_changed")["since"], self.alert("limit_changed")["silenced_until"][:19]),
                         (changed["since"], next(one for one in before["alerts"] if one["id"] == changed["id"])["silenced_until"][:19]))

        self.change_limits()
        self.provider.refuses = True
        self.ask()
        lost = until("an alert of the key", lambda: self.alert("key_lost"))
        self.answer(lost, "ack", by="zoë")
        audit = [(one["actor"], one["subject"].split(" (")[0], one["text"].split(",")[0]) for one in self.fetch(self.admin + "/api/v1/audit")["entries"]]
        self.assertEqual(audit[0], ("zoë", f"alert {lost['id']} key_lost", "taken on: nobody is reminded of it"))
        self.assertIn(("ada", f"alert {changed['id']} limit_changed", "silenced for 1h"), audit)
        until("it is written", lambda: self.stored("SELECT count(*) FROM standing WHERE acknowledged_by = 'zoë'"))
        until("everything is written", lambda: self.stored("SELECT count(*) FROM limits") == len(self.alerts()["limit_changes"]))
        before = self.alerts()
        self.server.process.send_signal(signal.SIGKILL)
        self.server.process.wait(PATIENCE)

        self.serve()
        told = self.alerts()
        self.assertEqual(told["history"][-len(before["history"]):], before["history"])
        self.assertEqual(told["limit_changes"][:len(before["limit_changes"])], before["limit_changes"])
        self.assertEqual((self.alert("key_lost")["acknowledged_by"], self.alert("key_lost")["since"]), ("zoë", lost["since"]))
        # The newest value of the limit may be another one, which nobody silenced.
        silenced = next(one for one in self.alerts()["alerts"] if one["id"] == changed["id"])
        self.assertTrue(silenced["silenced_until"])
        self.ask()  # the key is refused again: a finding, and nothing new
        until("the alarm", lambda: any(one["kind"] == "key_lost" for one in self.fetch(self.admin + "/api/v1/alarms")["alarms"]))
        until("the finding", lambda: self.alert("key_lost")["acknowledged_by"] == "zoë")

    def test_a_broken_file_keeps_nobody_from_starting_and_is_told(self):
        (self.folder / "ledger").mkdir()
        (self.folder / "ledger" / "history.db").write_bytes(b"x" * 8192)
        self.serve()
        alarm = until("an alarm", lambda: next((one for one in self.fetch(self.admin + "/api/v1/alarms")["alarms"] if one["kind"] == "history_not_saved"), None))
        self.assertIn("history.db", alarm["message"])
        self.assertIn("move the file aside", alarm["message"])
        (self.folder / "ledger" / "history.db").unlink()
        until("it is over", lambda: not any(one["kind"] == "history_not_saved" for one in self.fetch(self.admin + "/api/v1/alarms")["alarms"]))
        self.assertTrue((self.folder / "ledger" / "history.db").stat().st_size)


if __name__ == "__main__":
    unittest.main(verbosity=2)
