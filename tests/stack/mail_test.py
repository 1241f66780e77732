#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""E-mail as a real SMTP server (aiosmtpd) is given it: open, after STARTTLS with a login, over TLS; and what is said when something is wrong.

    tests/stack/mail_test.py TIDEGATE
"""
import asyncio
import email.message
import email.policy
import json
import logging
import os
import re
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

from stack import SKIPPED

sys.path.append("/usr/lib/python3/dist-packages")  # Debian's modules, if this is another interpreter than Debian's
try:
    from aiosmtpd.smtp import SMTP, AuthResult
except ImportError:
    print("skipped: python3-aiosmtpd is not installed; tools/install_dependencies --test brings it", file=sys.stderr)
    sys.exit(SKIPPED)

PROGRAM = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else ""
PASSWORD = "s3cr3t-mail"


def make_certificates(folder: Path) -> None:
    """An authority (ca.pem) and certificates of it: good.pem for 127.0.0.1, other.pem for another name, with key.pem each."""
    script = """
        openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=mail-test-authority -days 2
        openssl req -newkey rsa:2048 -nodes -keyout key.pem -out request -subj /CN=mail
        for name in good:IP:127.0.0.1 other:DNS:other.example; do
          printf 'subjectAltName=%s\\nbasicConstraints=CA:FALSE' "${name#*:}" > extensions
          openssl x509 -req -in request -CA ca.pem -CAkey ca.key -CAcreateserial -out "${name%%:*}.pem" -days 2 -extfile extensions
        done
    """
    subprocess.run(["sh", "-ec", script], cwd=folder, check=True, capture_output=True, timeout=60)


class MailServer:
    """Keeps each mail with what its session had been; `options` are aiosmtpd's."""

    def __init__(self, implicit_tls: ssl.SSLContext | None = None, **options):
        self.mails: list[tuple[bool, str | None, email.message.EmailMessage]] = []
        self.logins: list[tuple[bytes, bytes]] = []
        self.loop = asyncio.new_event_loop()
        make = lambda: SMTP(self, hostname="localhost", loop=self.loop, authenticator=self.login, **options)
        self.server = self.loop.run_until_complete(self.loop.create_server(make, "127.0.0.1", 0, ssl=implicit_tls))
        self.url = f"{'smtps' if implicit_tls else 'smtp'}://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def login(self, server, session, envelope, mechanism, auth_data) -> AuthResult:
        self.logins.append((auth_data.login, auth_data.password))
        good = (auth_data.login, auth_data.password) == (b"tidegate", PASSWORD.encode())
        # handled: its own words go out, with 535
        return AuthResult(success=good, handled=False, auth_data=auth_data.login.decode())

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:
        if address.startswith("nobody@"):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 fine"

    async def handle_DATA(self, server, session, envelope) -> str:
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        message["x-envelope"] = f"{envelope.mail_from} > {' '.join(envelope.rcpt_tos)}"
        self.mails.append((session.ssl is not None, session.auth_data if session.authenticated else None, message))
        return "250 2.0.0 taken"

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.server.close()
        self.loop.close()


class Mail(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.folder = Path(cls.temporary.name)
        make_certificates(cls.folder)

    def server(self, **options) -> MailServer:
        server = MailServer(**options)
        self.addCleanup(server.stop)
        return server

    def tls(self, certificate: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{certificate}.pem", self.folder / "key.pem")
        return context

    def tell(self, *receivers: dict) -> tuple[int, list[str]]:
        """What `tidegate alerts test` ends with, and what it says of each receiver: one run for all of them."""
        usual = {"kind": "email", "from": "tidegate@example.org", "to": ["ops@example.org", "boss@example.org"]}
        config = self.folder / "tidegate.yaml"
        config.write_text(json.dumps({"providers": [{"name": "local", "base_url": "http://127.0.0.1:9", "credential": "none"}],
                                      "alerts": {"receivers": [usual | {"name": f"mail-{number}"} | receiver for number, receiver in enumerate(receivers)]}}))
        kept = {name: os.environ[name] for name in os.environ if name == "PATH" or name.endswith("SAN_OPTIONS")}
        done = subprocess.run([PROGRAM, "alerts", "test", "--config", config], env=kept | {"MAIL_PASSWORD": PASSWORD, "WRONG": "s3cr3t-wrong"},
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.stderr, "")
        self.assertNotIn("s3cr3t", done.stdout)
        said = [re.fullmatch(r"mail-\d+: (.*)", line) for line in done.stdout.splitlines()]
        self.assertNotIn(None, said, done.stdout)
        return done.returncode, [line[1] for line in said]

    def trust(self) -> dict:
        return {"ca_file": str(self.folder / "ca.pem")}

    LOGIN = {"user": "tidegate", "secret": {"env": "MAIL_PASSWORD"}}

    def test_an_open_server_is_given_the_alert_and_its_end(self) -> None:
        server = self.server()
        self.assertEqual(self.tell({"url": server.url}), (0, ["told"]))
        self.assertEqual([(encrypted, login) for encrypted, login, _ in server.mails], [(False, None)] * 2)
        begin, end = (mail for _, _, mail in server.mails)
        self.assertEqual(begin["x-envelope"], "tidegate@example.org > ops@example.org boss@example.org")
        self.assertEqual(begin["subject"], "[tidegate] info: test (receivers)")
        self.assertEqual(end["subject"], "[tidegate] 1 is over: test")
        self.assertEqual(begin["to"], "ops@example.org, boss@example.org")
        self.assertIsNotNone(begin["date"].datetime)
        self.assertNotEqual(begin["message-id"], end["message-id"])
        self.assertIn("nothing is wrong", begin.get_content())

    def test_servers_that_want_tls_and_a_login_get_both(self) -> None:
        late = self.server(tls_context=self.tls("good"), require_starttls=True, auth_required=True)
        # TLS from the first byte.
        early = self.server(implicit_tls=self.tls("good"), auth_require_tls=False, auth_required=True)
        self.assertEqual(self.tell({"url": late.url} | self.trust() | self.LOGIN, {"url": early.url} | self.trust() | self.LOGIN), (0, ["told", "told"]))
        self.assertEqual([(encrypted, login) for encrypted, login, _ in late.mails], [(True, "tidegate")] * 2)
        self.assertEqual([login for _, login, _ in early.mails], ["tidegate"] * 2)

    def test_a_certificate_of_somebody_else_is_refused_before_the_login(self) -> None:
        of_nobody = self.server(tls_context=self.tls("good"), require_starttls=True, auth_required=True)
        of_another = self.server(tls_context=self.tls("other"), require_starttls=True, auth_required=True)
        self.assertEqual(self.tell({"url": of_nobody.url} | self.LOGIN, {"url": of_another.url} | self.trust() | self.LOGIN),
                         (1, ["not told: 127.0.0.1: its certificate is not trusted (unable to get local issuer certificate); if its authority is your own, "
                              "name that in 'ca_file'", "not told: 127.0.0.1: its certificate is for another name"]))
        for server in (of_nobody, of_another):
            self.assertEqual((server.mails, server.logins), ([], []))

    def test_what_the_server_refuses_is_said(self) -> None:
        server = self.server(tls_context=self.tls("good"), require_starttls=True, auth_required=True)
        usual = {"url": server.url} | self.trust()
        self.assertEqual(self.tell(usual | {"user": "tidegate", "secret": {"env": "WRONG"}}, usual, usual | self.LOGIN | {"to": ["nobody@example.org"]}),
                         (1, ["not told: 127.0.0.1 answered 535: it does not take 'user' and 'secret'", "not told: 127.0.0.1 answered 530",
                              "not told: 127.0.0.1 answered 550"]))
        self.assertEqual(server.mails, [])


if __name__ == "__main__":
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # aiosmtpd's words for a handshake that the other side ends
    del sys.argv[1:2]
    unittest.main()
