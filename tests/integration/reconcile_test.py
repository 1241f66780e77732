# SPDX-License-Identifier: Apache-2.0
"""`tidegate reconcile` with the simulator as provider, and with what else may answer instead of it.

    reconcile_test.py TIDEGATE TIDEGATE_SIM
"""
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "clients"))
from run_with_gateway import Server, make_certificates, start_gateway

TIDEGATE, SIM = (os.path.abspath(path) for path in sys.argv[1:3])
ADMIN_KEY = "sk-ant-admin01-test"
# Without the machine's keys and proxies.
ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ} | {"NO_PROXY": "127.0.0.1"}


def send(url, model, **more):
    body = {"model": model, "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}]} | more
    request = urllib.request.Request(url + "/v1/messages", json.dumps(body).encode(),
                                     {"content-type": "application/json", "x-api-key": "k", "anthropic-version": "2023-06-01"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as answer:
        answer.read()


class HtmlServer:
    """Answers every GET with a page for people, as a captive portal would."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>welcome</html>")

        def log_message(self, *_):
            pass

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class ReconcileTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="tidegate-reconcile-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.ledger = cls.folder / "ledger"
        cls.sim = Server("tidegate-sim", [SIM, "--instant"], cls.folder, ENVIRONMENT)
        cls.addClassCleanup(cls.sim.stop)
        cls.gateway = start_gateway(TIDEGATE, cls.sim.url, cls.ledger, cls.folder, None, {})
        cls.addClassCleanup(cls.gateway.stop)
        cls.elsewhere = cls.folder / "elsewhere"  # without the gateway's tidegate.yaml
        cls.elsewhere.mkdir()
        system = [{"type": "text", "text": "tide " * 6000, "cache_control": {"type": "ephemeral"}}]
        for stream in (False, True):
            send(cls.gateway.url, "claude-haiku-4-5-20251001", stream=stream)
            send(cls.gateway.url, "claude-opus-5-5", stream=stream, system=system)

    def reconcile(self, *arguments, key=ADMIN_KEY, url=None, ledger=None):
        environment = ENVIRONMENT | ({"ANTHROPIC_ADMIN_KEY": key} if key else {})
        return subprocess.run([TIDEGATE, "reconcile", "--ledger", str(ledger or self.ledger), "--lag", "0s", "--url", url or self.sim.url, *arguments],
                              env=environment, cwd=self.elsewhere, capture_output=True, text=True, timeout=60)

    def test_1_finds_the_same_in_both_books(self):
        done = self.reconcile("--since", "1h", "--format", "json", "--fail-over", "0")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual(report["worst_percent"], 0)
        figures = {(row["model"], row["figure"]): row["ledger"] for row in report["rows"]}
        self.assertEqual(figures["claude-haiku-4-5", "output_tokens"], 24)
        self.assertGreater(figures["claude-opus-5-5", "cache_read_tokens"], 5000)
        self.assertGreater(figures["claude-opus-5-5", "cache_write_5m_tokens"], 5000)
        self.assertGreater(float(figures["claude-opus-5-5", "cost_usd"]), 0)

    def test_2_finds_the_same_by_hours_and_over_several_pages(self):
        done = self.reconcile("--since", "20d", "--format", "csv", "--fail-over", "0")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("claude-opus-5-5,cache_read_tokens,", done.stdout)

    def test_3_fails_when_a_program_went_past_the_gateway(self):
        send(self.sim.url, "claude-opus-5-5")
        done = self.reconcile("--since", "1h", "--fail-over", "1")
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"claude-opus-5-5 +output_tokens +24 +36 +-12 +-33.33 %")
        self.assertIn("worst drift 33.33 %, over the limit of 1 %", done.stdout)
        self.assertEqual(self.reconcile("--since", "1h").returncode, 0)

    def failure(self, **how):
        done = self.reconcile(**how)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertNotIn("sk-ant-admin01", done.stderr)
        return done.stderr

    def test_4_says_what_keeps_it_from_comparing(self):
        self.assertIn("no Admin API key: put one (sk-ant-admin…, not an ordinary key) into ANTHROPIC_ADMIN_KEY", self.failure(key=None))
        self.assertIn("refused the key in ANTHROPIC_ADMIN_KEY (40", self.failure(key="sk-ant-api03-ordinary"))
        self.assertIn("cannot reach the Admin API: http://127.0.0.1:1/v1/organizations", self.failure(url="http://127.0.0.1:1"))
        self.assertIn(f"there is no ledger in {self.elsewhere}", self.failure(ledger=self.elsewhere))
        with HtmlServer() as url:
            self.assertIn("cannot be read: it is no JSON", self.failure(url=url))

    def test_5_asks_a_provider_of_the_configuration_over_tls_and_trusts_only_its_authority(self):
        authority, certificate, key = make_certificates(self.elsewhere)
        sim = Server("tls-sim", [SIM, "--instant", "--tls-certificate", str(certificate), "--tls-key", str(key)], self.folder, ENVIRONMENT)
        self.addCleanup(sim.stop)
        provider = {"name": "eu", "base_url": sim.url, "credential": "none", "admin_key": {"env": "OTHER_ADMIN_KEY"}}
        for tls, code in (({}, 1), ({"tls": {"ca_file": str(authority)}}, 0)):
            config = self.elsewhere / "with_tls.yaml"
            config.write_text(json.dumps({"providers": [provider | tls], "ledger": {"directory": str(self.ledger)}}))
            done = subprocess.run([TIDEGATE, "reconcile", "--config", str(config)], env=ENVIRONMENT | {"OTHER_ADMIN_KEY": ADMIN_KEY},
                                  cwd=self.elsewhere, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
            self.assertIn("cannot reach the Admin API: https://127.0.0.1" if code else "worst drift 0.00 %", done.stderr + done.stdout)

    def test_6_says_which_argument_is_wrong(self):
        for arguments, message in ((["--since", "often"], "--since: 'often' is no duration"), (["--fail-over", "some"], "--fail-over: 'some'"),
                                   (["--format", "junit"], "--format: 'junit' is none of")):
            done = self.reconcile(*arguments)
            self.assertEqual(done.returncode, 1)
            self.assertIn(message, done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
