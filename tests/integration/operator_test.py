# SPDX-License-Identifier: Apache-2.0
"""What an operator meets when something around `tidegate serve` is not as it should be: each time a message that says what to do.

    operator_test.py TIDEGATE
"""
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "clients"))
from run_with_gateway import Server

TIDEGATE = os.path.abspath(sys.argv.pop(1))
ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}
FREE = "127.0.0.1:0"
PATIENCE = 60


def expired_certificate(folder):
    """A certificate of its own authority for 127.0.0.1 that ended in 2020: (certificate, key)."""
    (folder / "ca.cnf").write_text(f"""[ca]
default_ca = own
[own]
dir = {folder}
database = {folder}/index
serial = {folder}/serial
new_certs_dir = {folder}
default_md = sha256
policy = any
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = IP:127.0.0.1
basicConstraints = critical,CA:TRUE
""")
    (folder / "index").write_text("")
    (folder / "serial").write_text("01\n")
    run = lambda *command: subprocess.run(command, check=True, capture_output=True, cwd=folder, timeout=PATIENCE)
    run("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=127.0.0.1")
    run("openssl", "ca", "-batch", "-selfsign", "-config", "ca.cnf", "-in", "request.pem", "-keyfile", "key.pem", "-out", "certificate.pem",
        "-startdate", "20200101000000Z", "-enddate", "20200201000000Z", "-notext")
    return folder / "certificate.pem", folder / "key.pem"


def certificate_for(name, folder):
    """A certificate that signed itself, for a host of that name: (certificate, key)."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "own.key", "-out", "own.pem", "-days", "2",
                    "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"], check=True, capture_output=True, cwd=folder, timeout=PATIENCE)
    return folder / "own.pem", folder / "own.key"


def nobody():
    """An address at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return f"127.0.0.1:{closed.getsockname()[1]}"


class FarEnd:
    """Listens on a free port and does `talk` with each connection before it is closed."""

    def __init__(self, talk):
        self.talk = talk
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                try:
                    self.talk(connection)
                except OSError:
                    pass  # it left

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def be_silent(connection):
    while connection.recv(65536):
        pass


def speak_plainly(connection):
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    be_silent(connection)


def shake_hands(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return lambda connection: context.wrap_socket(connection, server_side=True).close()


class OperatorTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tidegate-operator-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def refused(self, *arguments, **more):
        """What `serve` says on its way out."""
        command = [TIDEGATE, "serve", "--anthropic-url", "http://127.0.0.1:9"]
        for name, usual in (("--listen", FREE), ("--admin", FREE), ("--metrics", FREE), ("--ledger", str(self.folder / "ledger"))):
            if name not in arguments:
                command += [name, usual]
        ended = subprocess.run([*command, *arguments], env=ENVIRONMENT | more, cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(ended.returncode, 1, ended.stderr)
        self.assertNotIn("Sanitizer", ended.stderr)
        return ended.stderr

    def serve(self, settings):
        """A gateway with these settings, in YAML's own subset JSON."""
        config = self.folder / "tidegate.yaml"
        config.write_text(json.dumps(settings))
        server = Server("tidegate", [TIDEGATE, "serve", "--config", str(config), "--listen", FREE, "--admin", FREE, "--metrics", FREE,
                                     "--ledger", str(self.folder / "ledger")], self.folder, ENVIRONMENT | {"KEY": "sk-test"})
        self.addCleanup(server.stop)
        return server

    def ask(self, server, path="/v1/messages"):
        """(status, fields, error body) of a request."""
        body = {"model": "claude-haiku-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
        request = urllib.request.Request(server.url + path, json.dumps(body).encode(), {"content-type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with self.assertRaises(urllib.error.HTTPError) as caught:
            opener.open(request, timeout=PATIENCE)
        with caught.exception as answer:
            return answer.code, answer.headers, json.loads(answer.read())

    def provider(self, url, dialect="anthropic", **more):
        return {"name": "there", "dialect": dialect, "base_url": url, "keys": [{"env": "KEY"}],
                "deadlines": {"connect": "5s"}, **more}

    def test_a_port_that_is_taken_is_named_with_the_command_that_shows_who_has_it(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            for option, setting in (("--listen", "listen"), ("--admin", "admin"), ("--metrics", "metrics")):
                said = self.refused(option, f"127.0.0.1:{port}")
                self.assertIn(f"{setting}: ", said)
                self.assertIn(f"cannot listen on 127.0.0.1:{port}", said)
                self.assertIn("another program listens there", said)
                self.assertIn(f"sport = :{port}", said)

    def test_a_directory_that_cannot_be_written_is_named(self):
        said = self.refused("--ledger", "/proc/tidegate")  # refused even to root
        self.assertIn("/proc/tidegate", said)
        self.assertRegex(said, "writ|creat")

    def test_a_log_that_cannot_be_written_is_named(self):
        (self.folder / "tidegate.yaml").write_text(json.dumps({"log": {"file": "/proc/tidegate.log"}}))
        self.assertIn("log.file: cannot write /proc/tidegate.log", self.refused())

    def test_an_expired_certificate_of_the_listener_is_named(self):
        certificate, key = expired_certificate(self.folder)
        (self.folder / "tidegate.yaml").write_text(json.dumps({"listen": {"certificate_file": str(certificate), "private_key_file": str(key)}}))
        said = self.refused()
        self.assertIn(str(certificate), said)
        self.assertIn("expired", said)

    def test_guard_does_not_wait_for_an_instance_that_hangs(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and nobody reads them
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            ended = subprocess.run([TIDEGATE, "guard", "--url", url], env=ENVIRONMENT, cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual((ended.returncode, ended.stdout), (1, ""))
        self.assertIn("the instance does not answer within 1s", ended.stderr)

    def test_a_second_instance_on_the_same_ledger_is_refused(self):
        first = self.serve({"providers": [self.provider("http://127.0.0.1:9")]})
        said = self.refused("--config", str(self.folder / "tidegate.yaml"), KEY="sk-test")
        self.assertIn(str(self.folder / "ledger"), said)
        self.assertIn(str(first.process.pid), said)

    def far_end(self, talk):
        end = FarEnd(talk)
        self.addCleanup(end.stop)
        return end.address

    def told(self, status, *providers, **more):
        """What a client is told whose request is answered with that status."""
        got, _, body = self.ask(self.serve({"providers": providers, **more}))
        self.assertEqual(got, status, body)
        return body["error"]["message"]

    def test_an_unreachable_provider_is_a_502_in_the_dialect_of_the_client(self):
        address = nobody()
        server = self.serve({"providers": [self.provider(f"http://{address}"), self.provider(f"http://{address}", "openai") | {"name": "other"}]})
        refused = f"{address} (connect): Connection refused; check base_url, the network and the firewall"
        status, fields, body = self.ask(server)
        self.assertEqual(status, 502)
        self.assertEqual(body["type"], "error")
        self.assertTrue(fields["request-id"])
        self.assertIn(refused, body["error"]["message"])
        self.assertIn("may be sent again", body["error"]["message"])
        status, _, body = self.ask(server, "/v1/chat/completions")
        self.assertEqual(status, 502)
        self.assertIn(refused, body["error"]["message"])

    def test_of_two_providers_that_are_down_both_are_named_with_how_often_they_were_tried(self):
        first, second = nobody(), nobody()
        said = self.told(502, self.provider(f"http://{first}"), self.provider(f"http://{second}") | {"name": "spare"},
                         routes=[{"targets": [{"provider": "there"}, {"provider": "spare"}]}])
        self.assertIn("'spare'", said)
        self.assertIn(f"{second} (connect): Connection refused", said)
        self.assertRegex(said, rf"Tried \d+ times in \d+m?s: 'there' \d+ x \({first} \(connect\): Connection refused.*'spare' \d+ x \({second} ")

    def test_a_proxy_that_is_down_is_named_with_the_provider_behind_it(self):
        address = nobody()
        said = self.told(502, self.provider("https://api.example.test", proxy=f"http://{address}"))
        self.assertIn(f"the proxy {address} (for api.example.test) (connect): Connection refused; check `proxy` (or HTTPS_PROXY)", said)

    def test_a_name_that_does_not_resolve_is_named(self):
        server = self.serve({"providers": [self.provider("http://no-such-host.invalid")]})
        status, _, body = self.ask(server)
        self.assertIn(status, (502, 504))  # a resolver that answers, and one that does not
        self.assertIn("no-such-host.invalid (name)", body["error"]["message"])
        self.assertIn("check the host's name and this machine's DNS", body["error"]["message"])

    def test_a_provider_that_does_not_answer_in_time_is_a_504_that_says_how_long_was_waited(self):
        address = self.far_end(be_silent)
        said = self.told(504, self.provider(f"http://{address}", deadlines={"first_byte": "200ms"}))
        self.assertIn(f"{address} did not begin to answer within 200ms", said)

    def test_a_connection_that_is_not_there_in_time_is_a_504_that_says_how_long_was_waited(self):
        address = self.far_end(be_silent)
        said = self.told(504, self.provider(f"https://{address}", deadlines={"connect": "200ms"}))
        self.assertIn(f"{address} (tls): no answer within 200ms (deadlines.connect)", said)

    def test_an_expired_certificate_of_the_provider_is_named_with_what_to_look_at(self):
        certificate, key = expired_certificate(self.folder)
        address = self.far_end(shake_hands(certificate, key))
        said = self.told(502, self.provider(f"https://{address}", tls={"ca_file": str(certificate)}))
        self.assertIn(f"{address} (tls): tls handshake: certificate has expired; check this machine's clock", said)

    def test_a_certificate_of_an_unknown_authority_leads_to_the_setting_for_it(self):
        address = self.far_end(shake_hands(*certificate_for("localhost", self.folder)))
        said = self.told(502, self.provider(f"https://{address}"))
        self.assertIn("self-signed certificate; if it is meant to be trusted, name the PEM file of its authority in tls.ca_file", said)

    def test_a_certificate_for_another_name_leads_to_base_url(self):
        certificate, key = certificate_for("other.example", self.folder)
        address = self.far_end(shake_hands(certificate, key))
        said = self.told(502, self.provider(f"https://{address}", tls={"ca_file": str(certificate)}))
        self.assertIn("IP address mismatch; write base_url with a name that stands in the certificate", said)

    def test_https_towards_a_server_without_tls_is_told_as_such(self):
        said = self.told(502, self.provider(f"https://{self.far_end(speak_plainly)}"))
        self.assertIn("wrong version number; what answers there does not speak TLS: check the port in base_url, or write http://", said)

    def test_the_program_says_which_it_is(self):
        said = subprocess.run([TIDEGATE, "--version"], env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(said.returncode, 0)
        self.assertRegex(said.stdout, r"^tidegate \d+\.\d+\.\d+")


if __name__ == "__main__":
    unittest.main()
