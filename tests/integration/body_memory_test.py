# SPDX-License-Identifier: Apache-2.0
"""A hundred clients upload 32 MB each at once, which is six times what the gateway may hold.

    body_memory_test.py TIDEGATE
"""
import concurrent.futures
import http.client
import http.server
import json
import os
import pathlib
import re
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "clients"))
from run_with_gateway import Server

TIDEGATE = os.path.abspath(sys.argv.pop(1))
# What was freed counts as memory here, so AddressSanitizer must not keep it back.
ENVIRONMENT = {"PATH": os.environ["PATH"], "ASAN_OPTIONS": "quarantine_size_mb=1:malloc_context_size=1", "KEY": "sk-test"}
CLIENTS = 100
BODY = 32 * 1024 * 1024 - 1024
LIMIT = 512 * 1024 * 1024
FREE = "127.0.0.1:0"


class Provider(http.server.BaseHTTPRequestHandler):
    """Reads every body to its end and says how long it was."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        left = length = int(self.headers["content-length"])
        while left > 0:
            left -= len(self.rfile.read(min(left, 1 << 20)))
        answer = json.dumps({"id": "msg_1", "type": "message", "model": "m", "usage": {"input_tokens": length, "output_tokens": 1}}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class BodyMemoryTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tidegate-bodies-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.provider = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
        self.provider.daemon_threads = True
        threading.Thread(target=self.provider.serve_forever, daemon=True).start()
        self.addCleanup(self.provider.server_close)
        self.addCleanup(self.provider.shutdown)
        config = self.folder / "tidegate.yaml"
        config.write_text(json.dumps({
            "providers": [{"name": "there", "dialect": "anthropic", "base_url": f"http://127.0.0.1:{self.provider.server_port}", "keys": [{"env": "KEY"}]}],
            "limits": {"body_memory": "512MiB", "body_wait": "5m", "body_timeout": "5m"}}))
        self.gateway = Server("tidegate", [TIDEGATE, "serve", "--config", str(config), "--listen", FREE, "--admin", FREE, "--metrics", FREE,
                                           "--ledger", str(self.folder / "ledger")], self.folder, ENVIRONMENT)
        self.addCleanup(self.gateway.stop)

    def memory(self, name):
        """Of the gateway, in bytes: VmRSS now, VmHWM at most so far."""
        status = pathlib.Path(f"/proc/{self.gateway.process.pid}/status").read_text()
        return int(re.search(rf"^{name}:\s+(\d+) kB", status, re.M)[1]) * 1024

    def upload(self, body):
        connection = http.client.HTTPConnection(self.gateway.url.removeprefix("http://"), timeout=300)
        try:
            connection.request("POST", "/v1/messages", body, {"content-type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def test_a_hundred_bodies_of_32_mb_stay_under_it_and_all_arrive(self):
        before = self.memory("VmRSS")
        start = b'{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"'
        body = start + b"x" * (BODY - len(start) - 4) + b'"}]}'
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
            answers = list(clients.map(self.upload, [body] * CLIENTS))
        self.assertEqual({status for status, _ in answers}, {200})
        self.assertEqual({answer["usage"]["input_tokens"] for _, answer in answers}, {BODY})
        # Beside the bodies: buffers of a hundred connections, and what the sanitizers add, up to 45 % on a busy machine. Without the
        # limit it would be six times as much.
        self.assertLess(self.memory("VmHWM") - before, LIMIT * 1.6)


if __name__ == "__main__":
    unittest.main()
