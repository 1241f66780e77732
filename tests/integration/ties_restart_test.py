# SPDX-License-Identifier: Apache-2.0
"""Conversations with signed thinking, files and batches over several organisations, while Tidegate is stopped, killed and loses keys.

    ties_restart_test.py TIDEGATE TIDEGATE_SIM

The simulator refuses thinking that another organisation signed, and finds nobody else's files.
"""
import json
import os
import pathlib
import re
import signal
import sqlite3
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "clients"))
from run_with_gateway import Server
from support import PATIENCE, until

TIDEGATE, SIM = (os.path.abspath(path) for path in sys.argv[1:3])
del sys.argv[1:3]
FREE = "127.0.0.1:0"
KEYS = {"KEY_A": "a@org-1", "KEY_B": "b@org-2", "KEY_C": "c@org-3", "KEY_D": "d@org-1"}
ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ} | KEYS | {"NO_PROXY": "127.0.0.1"}


class TiesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tidegate-ties-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.sim = Server("tidegate-sim", [SIM, "--instant", "--preset", "unlimited"], self.folder, dict(os.environ))
        self.addCleanup(self.sim.stop)
        self.turns = 0

    def serve(self, *keys):
        (self.folder / "tidegate.yaml").write_text(json.dumps({
            "providers": [{"name": "anthropic", "dialect": "anthropic", "base_url": self.sim.url, "keys": [{"env": key} for key in keys]}], "threads": 2}))
        self.server = Server("tidegate", [TIDEGATE, "serve", "--config", str(self.folder / "tidegate.yaml"), "--listen", FREE, "--admin", FREE,
                                          "--metrics", FREE, "--ledger", str(self.folder / "ledger")], self.folder, ENVIRONMENT)
        self.addCleanup(self.server.stop)

    def fetch(self, path, body=None, content_type="application/json"):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        request = urllib.request.Request(self.server.url + path, body, {"content-type": content_type, "anthropic-version": "2023-06-01"})
        try:
            with opener.open(request, timeout=PATIENCE) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as refusal:
            self.fail(f"{path}: {refusal.code} {refusal.read().decode()}")

    def say(self, history, stream):
        """One more turn of a conversation whose beginning is another one each time: only the signature says where it belongs."""
        self.turns += 1
        question = {"model": "claude-haiku-4-5", "max_tokens": 100, "stream": stream, "thinking": {"type": "enabled", "budget_tokens": 50},
                    "system": f"turn {self.turns}", "messages": [*history, {"role": "user", "content": "go on"}]}
        answer = self.fetch("/v1/messages", json.dumps(question).encode())
        if stream:
            signature = re.search(r'"signature_delta","signature":"([^"]+)"', answer)[1]
            content = [{"type": "thinking", "thinking": "t", "signature": signature}, {"type": "text", "text": "x"}]
        else:
            content = json.loads(answer)["content"]
        return question["messages"] + [{"role": "assistant", "content": content}]

    def go_on(self, conversations):
        for number, history in enumerate(conversations):
            conversations[number] = self.say(history, stream=number % 2 == 1)

    def stored(self):
        """How many ties the ledger's database has by now."""
        database = sqlite3.connect(f"file:{self.folder}/ledger/ledger.db?mode=ro", uri=True)
        try:
            return database.execute("SELECT count(*) FROM state_tie").fetchone()[0]
        finally:
            database.close()

    def test_hold_over_a_stop_a_kill_and_a_lost_key(self):
        self.serve("KEY_A", "KEY_B", "KEY_C")
        conversations = [[] for _ in range(9)]
        for _ in range(3):
            self.go_on(conversations)
        upload = b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\ncontent-type: text/plain\r\n\r\na file\r\n--x--\r\n'
        files = [json.loads(self.fetch("/v1/files", upload, "multipart/form-data; boundary=x"))["id"] for _ in range(6)]
        self.server.stop()

        self.serve("KEY_C", "KEY_A", "KEY_B")
        self.go_on(conversations)
        for file in files:
            self.fetch(f"/v1/files/{file}")
        before = self.stored()
        self.go_on(conversations)
        # Each of these answers has an id and a mark of its own.
        until("the last ties stored", lambda: self.stored() >= before + 2 * len(conversations))
        self.server.process.send_signal(signal.SIGKILL)
        self.server.process.wait(PATIENCE)

        # Another key of the first organisation in place of its own: what that one made is still where it was.
        self.serve("KEY_B", "KEY_C", "KEY_D")
        for _ in range(12):
            self.say([], stream=False)  # so that the new key's organisation is known
        self.go_on(conversations)
        for file in files:
            self.fetch(f"/v1/files/{file}")


if __name__ == "__main__":
    unittest.main()
