# SPDX-License-Identifier: Apache-2.0
"""`tidegate serve` is told to stop while answers do not end.

    stop_test.py TIDEGATE TIDEGATE_SIM
"""
import http.client
import json
import os
import pathlib
import re
import sqlite3
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "clients"))
from run_with_gateway import Server
from support import PATIENCE, fetch, until

TIDEGATE, SIM = (os.path.abspath(path) for path in sys.argv[1:3])
del sys.argv[1:3]
FREE = "127.0.0.1:0"
ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ} | {"KEY_A": "a", "NO_PROXY": "127.0.0.1"}


class StopTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tidegate-stop-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.sim = Server("tidegate-sim", [SIM, "--instant", "--preset", "unlimited"], self.folder, dict(os.environ))
        self.addCleanup(self.sim.stop)
        (self.folder / "tidegate.yaml").write_text(json.dumps({
            "drain_timeout": "100ms", "threads": 2,
            "providers": [{"name": "anthropic", "dialect": "anthropic", "base_url": self.sim.url, "keys": [{"env": "KEY_A"}]}]}))
        self.server = Server("tidegate", [TIDEGATE, "serve", "--config", str(self.folder / "tidegate.yaml"), "--listen", FREE, "--admin", FREE,
                                          "--metrics", FREE, "--ledger", str(self.folder / "ledger")], self.folder, ENVIRONMENT)
        self.addCleanup(self.server.stop)

    def begin(self, stream, fault):
        """A request whose answer does not end."""
        connection = http.client.HTTPConnection(self.server.url.removeprefix("http://"), timeout=PATIENCE)
        self.addCleanup(connection.close)
        body = {"model": "claude-haiku-4-5", "max_tokens": 100, "stream": stream, "messages": [{"role": "user", "content": "go on"}]}
        connection.request("POST", "/v1/messages", json.dumps(body),
                           {"content-type": "application/json", "anthropic-version": "2023-06-01", "x-sim-fault": fault})
        return connection

    def test_answers_that_do_not_end_are_broken_off_and_recorded(self):
        streaming = self.begin(True, "stall_mid_stream")
        answer = streaming.getresponse()
        self.assertIn(b"message_start", answer.read1(65536))
        silent = [self.begin(stream, "stall_before_head") for stream in (False, True)]
        metrics = re.search(r"metrics on (\S+)", self.server.said)[1]
        until("all three are under way", lambda: b"\ntidegate_in_flight_requests 3\n" in fetch(metrics))
        self.assertEqual(self.server.stop(), 0, self.server.errors())
        try:
            while answer.read1(65536):
                pass
        except (http.client.IncompleteRead, ConnectionResetError):
            pass
        else:
            self.fail("the stream ended as if it were whole")
        for connection in silent:
            with self.assertRaises((http.client.RemoteDisconnected, ConnectionResetError)):
                connection.getresponse()
        database = sqlite3.connect(f"file:{self.folder}/ledger/ledger.db?mode=ro", uri=True)
        self.addCleanup(database.close)
        entries = database.execute("SELECT state, input, output, cost_dollars FROM entries ORDER BY started_at").fetchall()
        self.assertEqual([entry[0] for entry in entries], ["interrupted"] * 3, entries)
        self.assertGreater(entries[0][1], 0, "what the stream had told of its input")
        self.assertTrue(all(entry[3] > 0 for entry in entries), entries)


if __name__ == "__main__":
    unittest.main(verbosity=2)
