# SPDX-License-Identifier: Apache-2.0
"""Keys that come and go while `tidegate serve` runs: in a Redis list of a real redis-server, and in files.

    key_sources_test.py TIDEGATE

Nothing waits for a time to pass: what is to happen is asked for until it has.
"""
import http.client
import http.server
import json
import os
import pathlib
import re
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "clients"))
from run_with_gateway import START_TIMEOUT, Server
from support import PATIENCE, until

TIDEGATE = os.path.abspath(sys.argv.pop(1))
ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}
FREE = "127.0.0.1:0"
LIST = "claude_keys"
ONE, TWO, THREE = "sk-ant-one", "sk-ant-two", "sk-ant-three"
BODY = json.dumps({"model": "claude-haiku-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]})


class Redis:
    """A redis-server on a Unix socket in `folder`, with what it held when it was killed."""

    def __init__(self, folder):
        self.socket = folder / "redis.sock"
        self.folder = folder
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder), "--save", "",
             "--appendonly", "yes", "--appendfsync", "always"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        said = b""
        while b"eady to accept connections" not in said:
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                raise RuntimeError(f"redis-server did not start: {said.decode(errors='replace')}")
            said += piece

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def __call__(self, *words):
        asked = subprocess.run(["redis-cli", "-s", str(self.socket), *words], check=True, capture_output=True, text=True, timeout=PATIENCE)
        return asked.stdout.strip()

    def keys(self):
        return self("LRANGE", LIST, "0", "-1").splitlines()


class TurnProxy:
    """A Redis on TCP that passes everything on to `redis` and, once there is a `victim`, kills it at the next LMOVE: `before` Redis has
    it, or `after`, with the answer kept back."""

    def __init__(self, redis, when):
        self.redis, self.when, self.victim = redis, when, None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self.listener.getsockname()[1]}/0#{LIST}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            redis = socket.socket(socket.AF_UNIX)
            redis.connect(str(self.redis.socket))
            with client, redis:
                self.pass_on(client, redis)

    def pass_on(self, client, redis):
        while asked := client.recv(65536):
            dies = b"LMOVE" in asked and self.victim is not None
            if not dies or self.when == "after":
                redis.sendall(asked)
                answer = redis.recv(65536)
            if dies:
                self.victim.send_signal(signal.SIGKILL)
                return
            client.sendall(answer)

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Provider(http.server.ThreadingHTTPServer):
    """Remembers which key each request came with and over how many connections, and keeps an answer back where it is told to. It tells no
    limits, so its keys take turns."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), ProviderAnswer)
        self.keys, self.connections = [], 0
        self.hold_next, self.held, self.release = False, threading.Event(), threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self):
        self.release.set()
        self.shutdown()
        self.server_close()


class ProviderAnswer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.server.connections += 1

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.server.keys.append(self.headers["x-api-key"])
        if self.server.hold_next:
            self.server.hold_next = False
            self.server.held.set()
            self.server.release.wait(PATIENCE)
        answer = json.dumps({"id": "msg_1", "type": "message", "model": "m", "usage": {"input_tokens": 1, "output_tokens": 1}}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class Gateway(Server):
    """`tidegate serve`, with the addresses of its three listeners."""

    def _wait_for_url(self):
        said, deadline = b"", time.monotonic() + START_TIMEOUT
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while (left := deadline - time.monotonic()) > 0 and selector.select(left):
                piece = os.read(self.process.stdout.fileno(), 65536)
                if not piece:
                    break
                said += piece
                if found := re.search(rb"listening on (\S+)\nmetrics on (\S+)\ndashboard on (\S+)\n", said):
                    url, self.metrics, self.admin = (address.decode() for address in found.groups())
                    return url
        raise RuntimeError(f"tidegate did not start: {said.decode(errors='replace')}{self.errors()}")


class KeySourcesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tidegate-keys-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.provider = Provider()
        self.addCleanup(self.provider.stop)

    def redis(self, *keys):
        redis = Redis(self.folder)
        self.addCleanup(lambda: redis.kill() if redis.process.poll() is None else None)
        if keys:
            redis("RPUSH", LIST, *keys)
        return redis

    def configure(self, provider, **more):
        there = {"name": "there", "dialect": "anthropic", "base_url": f"http://127.0.0.1:{self.provider.server_port}"}
        (self.folder / "tidegate.yaml").write_text(json.dumps({"providers": [there | provider], "threads": 1} | more))

    def serve(self, **provider):
        self.configure(provider)
        server = Gateway("tidegate", [TIDEGATE, "serve", "--config", str(self.folder / "tidegate.yaml"), "--listen", FREE, "--admin", FREE,
                                      "--metrics", FREE, "--ledger", str(self.folder / "ledger")], self.folder, ENVIRONMENT)
        self.addCleanup(server.stop)
        self.server = server
        address = urllib.parse.urlsplit(server.url)
        self.client = http.client.HTTPConnection(address.hostname, address.port, timeout=PATIENCE)  # one connection for all
        self.addCleanup(self.client.close)
        return server

    def pool(self, redis, **more):
        return {"source": f"unix://{redis.socket}#{LIST}", "every": "100ms"} | more

    def ask(self, client=None):
        """(status, fields, body) of a request."""
        client = client or self.client
        client.request("POST", "/v1/messages", BODY, {"content-type": "application/json"})
        answer = client.getresponse()
        return answer.status, answer.headers, json.loads(answer.read())

    def key_of_a_request(self):
        self.assertEqual(self.ask()[0], 200)
        return self.provider.keys[-1]

    def keys_in_use(self):
        """Of as many requests as there can be keys."""
        return {self.key_of_a_request() for _ in range(6)}

    def fetch(self, url):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=PATIENCE) as answer:
            return answer.read().decode()

    def counted(self, state):
        found = re.search(rf'tidegate_provider_keys{{provider="there",state="{state}"}} (\d+)', self.fetch(self.server.metrics))
        return int(found[1])

    def alarms(self):
        return {alarm["kind"]: alarm for alarm in json.loads(self.fetch(self.server.admin + "api/v1/alarms"))["alarms"]}

    def assert_no_key_is_told(self):
        told = self.server.log.read_text() + self.fetch(self.server.metrics) + self.fetch(self.server.admin + "api/v1/config")
        told += self.fetch(self.server.admin + "api/v1/limits") + self.fetch(self.server.admin + "api/v1/alarms")
        self.assertNotIn("sk-ant-", told)

    def test_a_key_that_is_pushed_or_removed_counts_without_a_restart_and_without_a_new_connection(self):
        redis = self.redis(ONE)
        self.serve(pool=self.pool(redis))
        self.assertEqual(self.keys_in_use(), {ONE})
        redis("RPUSH", LIST, TWO)
        until("the pushed key is used", lambda: self.key_of_a_request() == TWO)
        self.assertEqual(self.keys_in_use(), {ONE, TWO})
        redis("LREM", LIST, "0", ONE)
        until("the removed key is drained", lambda: self.counted("in_use") == 1 and self.counted("missing") == 0)
        self.assertEqual(self.keys_in_use(), {TWO})
        redis("RPUSH", LIST, THREE)
        redis("LREM", LIST, "0", TWO)
        until("the new key is used", lambda: self.key_of_a_request() == THREE)  # though the client's connection is older
        until("the removed key is drained", lambda: self.counted("in_use") == 1 and self.counted("missing") == 0)
        self.assertEqual(self.key_of_a_request(), THREE)
        self.assertEqual(self.provider.connections, 1)
        self.assertRegex(self.server.log.read_text(), r"keys provider=there source=claude_keys added=1 \(claude_keys#[0-9a-f]{12}\)\n")
        self.assert_no_key_is_told()

    def test_a_drained_key_takes_no_new_request_while_its_running_one_ends_well(self):
        redis = self.redis(ONE)
        self.serve(pool=self.pool(redis))
        address = urllib.parse.urlsplit(self.server.url)
        other = http.client.HTTPConnection(address.hostname, address.port, timeout=PATIENCE)
        self.addCleanup(other.close)
        self.provider.hold_next = True
        running = []
        thread = threading.Thread(target=lambda: running.append(self.ask(other)))
        thread.start()
        self.assertTrue(self.provider.held.wait(PATIENCE))
        redis("RPUSH", LIST, TWO)
        redis("LREM", LIST, "0", ONE)
        until("the key drains", lambda: self.counted("draining") == 1)
        self.assertEqual(self.keys_in_use(), {TWO})
        self.assertEqual(running, [])
        self.provider.release.set()
        thread.join(PATIENCE)
        self.assertEqual(running[0][0], 200)
        until("nothing holds the key any more", lambda: self.counted("draining") == 0)

    def test_the_list_is_turned_for_others_that_share_it_and_never_short(self):
        redis = self.redis(ONE, TWO, THREE)
        self.serve(pool=self.pool(redis, rotate=True))
        for head in (TWO, THREE, ONE):
            def turned():
                keys = redis.keys()
                self.assertEqual(sorted(keys), sorted([ONE, TWO, THREE]))
                return keys[0] == head
            until(f"{head} is first", turned)
        self.assertEqual(self.keys_in_use(), {ONE, TWO, THREE})

    def test_a_kill_in_mid_rotation_leaves_the_list_complete(self):
        redis = self.redis(ONE, TWO, THREE)
        for when in ("before", "after"):
            with self.subTest(when):
                proxy = TurnProxy(redis, when)
                self.addCleanup(proxy.stop)
                server = self.serve(pool={"source": proxy.url, "rotate": True, "every": "100ms"})
                proxy.victim = server.process
                self.assertEqual(server.process.wait(PATIENCE), -signal.SIGKILL)
                self.assertIn(redis.keys(), ([ONE, TWO, THREE], [TWO, THREE, ONE], [THREE, ONE, TWO]))

    def test_redis_away_changes_nothing_but_an_alarm(self):
        redis = self.redis(ONE, TWO)
        self.serve(pool=self.pool(redis))
        redis.kill()
        alarm = until("an alarm", lambda: self.alarms().get("key_source"))
        self.assertEqual((alarm["subject"], alarm["severity"]), (f"there unix://{redis.socket}#{LIST}", "warning"))
        self.assertIn("the 2 keys last known stay in use", alarm["message"])
        self.assertEqual(self.keys_in_use(), {ONE, TWO})
        redis.start()
        redis("RPUSH", LIST, THREE)
        until("the list is read again", lambda: self.key_of_a_request() == THREE)
        until("the alarm is over", lambda: "key_source" not in self.alarms())

    def test_it_starts_without_redis_and_says_in_the_clients_dialect_what_is_missing(self):
        redis = self.redis(ONE)
        redis.kill()
        self.serve(pool=self.pool(redis))
        status, fields, body = self.ask()
        self.assertEqual((status, fields["retry-after"]), (503, "2"))
        self.assertEqual(body["type"], "error")
        self.assertIn("Provider 'there' has no key", body["error"]["message"])
        self.assertEqual(self.alarms()["key_source"]["severity"], "critical")
        redis.start()
        until("the key is there", lambda: self.ask()[0] == 200)
        self.assertEqual(self.provider.keys, [ONE])

    def test_a_reload_keeps_the_keys_of_a_list_that_is_away(self):
        redis = self.redis(ONE)
        self.serve(pool=self.pool(redis))
        redis.kill()
        self.configure({"pool": self.pool(redis, every="200ms")}, drain_timeout="7s")
        self.server.process.send_signal(signal.SIGHUP)
        until("the reload", lambda: "configuration applied, 2 settings changed" in self.server.log.read_text())
        self.assertEqual(self.keys_in_use(), {ONE})

    def test_a_list_that_is_emptied_or_no_list_keeps_its_keys_and_is_named(self):
        redis = self.redis(ONE)
        self.serve(pool=self.pool(redis))
        redis("DEL", LIST)
        self.assertIn("holds no key", until("an alarm", lambda: self.alarms().get("keys_empty"))["message"])
        redis("SADD", LIST, TWO)
        self.assertIn("of type set, not a list", until("an alarm", lambda: self.alarms().get("key_source"))["message"])
        self.assertEqual(self.keys_in_use(), {ONE})

    def test_keys_in_a_file_and_a_directory_are_read_again(self):
        file = self.folder / "more_keys"
        file.write_text(f"# of the team\n{ONE}\n")
        file.chmod(0o600)
        self.serve(keys_file=str(file))
        self.assertEqual(self.keys_in_use(), {ONE})
        fresh = self.folder / "fresh"
        fresh.write_text(f"{TWO}\n{ONE}\n")
        fresh.rename(file)
        until("the new key is used", lambda: self.key_of_a_request() == TWO)
        keys = self.folder / "keys"
        keys.mkdir()
        (keys / "ann").write_text(THREE)
        self.configure({"keys_file": str(keys)})
        self.server.process.send_signal(signal.SIGHUP)
        until("the directory is read", lambda: self.keys_in_use() == {THREE})
        self.assert_no_key_is_told()


if __name__ == "__main__":
    if shutil.which("redis-server") is None:
        sys.exit("redis-server is not installed; tools/install_dependencies --test brings it")
    unittest.main()
