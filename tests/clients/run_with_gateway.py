#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a client program against `tidegate serve` in front of `tidegate-sim`, and then asks the ledger whether it saw everything.

    run_with_gateway.py --tidegate PROGRAM --sim PROGRAM [--tls] [--direct] [--settings JSON] [--sim-option OPTION]… -- CLIENT [ARGUMENT]…

Both servers take free ports and are waited for by the line that says where they listen; both are stopped by their process ids,
also when the client fails. The client finds in its environment TIDEGATE_URL, SIM_URL, ANTHROPIC_BASE_URL, OPENAI_BASE_URL,
ANTHROPIC_API_KEY, OPENAI_API_KEY and WORK_DIR, a folder of its own, where it may leave a file `sessions` with the ids of sessions
that the ledger must know; and TIDEGATE and LEDGER, with which it can run other commands of the gateway. With `--tls` both hops are encrypted, by certificates of an authority made for this run, and the
variables by which clients learn of an authority name it. `--direct` leaves the gateway out, which tells whether a failure is the
client's and the simulator's own.

Exit code: the client's; 3 if the client passed and the ledger lost something; 4 if a server did not start; 77 (skipped) if the
client is not installed.
"""
import argparse
import json
import os
import pathlib
import re
import selectors
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request

import ledger_check

START_TIMEOUT = 90  # seconds; a sanitized build on a busy machine is slow to start
STOP_TIMEOUT = 30
SKIPPED = 77
CLIENT_KEY = "sk-ant-client-key-that-goes-no-further"
POOL_KEY = "sk-ant-pool-key"


class Server:
    """A program that prints `… listening on URL`; its output goes to a file of the work folder."""

    def __init__(self, name, command, folder, environment):
        self.name = name
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=environment)
        try:
            self.url = self._wait_for_url()
        except BaseException:
            self.stop()
            raise

    def _wait_for_url(self):
        deadline = time.monotonic() + START_TIMEOUT
        output = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while (left := deadline - time.monotonic()) > 0 and selector.select(left):
                piece = os.read(self.process.stdout.fileno(), 65536)
                if not piece:
                    break
                output += piece
                if found := re.search(rb"listening on (https?://\S+)", output):
                    self.said = output.decode()  # a gateway's other addresses as well: it prints all at once
                    return found[1].decode()
        raise RuntimeError(f"{self.name} did not start: {output.decode(errors='replace')}{self.errors()}")

    def errors(self):
        return self.log.read_text(errors="replace")[-4000:]

    def stop(self):
        """SIGTERM, and SIGKILL for what does not end by itself. Gives the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return -signal.SIGKILL
        finally:
            self.process.stdout.close()


# The simulator's figures; OpenAI's prices are not shipped with the gateway.
OPENAI_PRICES = {"gpt-5.1": (1.25, 0.125, 10), "gpt-4.1-mini": (0.40, 0.10, 1.60), "text-embedding-3-small": (0.02, 0.02, 0)}


def make_certificates(folder):
    """A certificate authority and a certificate for 127.0.0.1: paths of its certificate, and of the leaf's certificate and key."""
    script = """
        openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=tidegate-test-ca -days 2
        openssl req -newkey rsa:2048 -nodes -keyout leaf.key -out leaf.csr -subj /CN=127.0.0.1
        printf 'subjectAltName=IP:127.0.0.1\\nbasicConstraints=CA:FALSE' > extensions
        openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out leaf.pem -days 2 -extfile extensions
    """
    subprocess.run(["sh", "-ec", script], cwd=folder, check=True, capture_output=True, timeout=60)
    return folder / "ca.pem", folder / "leaf.pem", folder / "leaf.key"


def gateway_config(sim_url, ledger, certificates, settings):
    """`settings`: what the client's test wants beside the usual; `provider_settings` within goes to each provider."""
    keys = [{"env": "TIDEGATE_TEST_KEY"}]
    for_providers = settings.pop("provider_settings", {})
    listen, tls = "127.0.0.1:0", {}
    if certificates:
        authority, certificate, key = certificates
        listen = {"address": listen, "certificate_file": str(certificate), "private_key_file": str(key)}
        tls = {"tls": {"ca_file": str(authority)}, "proxy": "none"}
    return json.dumps({  # JSON is YAML
        "listen": listen,
        "metrics": {"address": "127.0.0.1:0"},
        "admin": {"address": "127.0.0.1:0"},
        "providers": [{"name": dialect, "base_url": sim_url, "dialect": dialect, "keys": keys} | tls | for_providers for dialect in ("anthropic", "openai")],
        "prices": {"rows": [{"model": model, "provider": "openai", "input": input_price, "cache_read": read, "output": output,
                             "cache_write_5m": input_price, "cache_write_1h": input_price, "source": "tidegate-sim"}
                            for model, (input_price, read, output) in OPENAI_PRICES.items()]},
        "ledger": {"directory": str(ledger)},
    } | settings, indent=1)


def start_gateway(program, sim_url, ledger, folder, certificates, settings):
    config = folder / "tidegate.yaml"
    config.write_text(gateway_config(sim_url, ledger, certificates, settings))
    environment = {name: value for name, value in os.environ.items() if name not in ("CLAUDE_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY")}
    environment["TIDEGATE_TEST_KEY"] = POOL_KEY
    return Server("tidegate", [program, "serve", "--config", str(config), "--admin", "127.0.0.1:0", "--metrics", "127.0.0.1:0"], folder, environment)


def client_environment(gateway_url, sim_url, folder, certificates):
    """Nothing of the machine's own settings: a key or a proxy of whoever runs the tests must not get into them."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "PYTHONPATH") if name in os.environ}
    if certificates:
        authority = str(certificates[0])
        kept |= {"SSL_CERT_FILE": authority, "NODE_EXTRA_CA_CERTS": authority, "CODEX_CA_CERTIFICATE": authority}
    return kept | {
        "HOME": str(folder),
        "WORK_DIR": str(folder),
        "TIDEGATE_URL": gateway_url,
        "SIM_URL": sim_url,
        "ANTHROPIC_BASE_URL": gateway_url,
        "OPENAI_BASE_URL": gateway_url + "/v1",
        "ANTHROPIC_API_KEY": CLIENT_KEY,
        "OPENAI_API_KEY": CLIENT_KEY,
        "NO_PROXY": "127.0.0.1,localhost",
    }


def read_stats(sim_url, certificates):
    trust = ssl.create_default_context(cafile=certificates[0]) if certificates else None
    # Without the machine's proxies: this is loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust))
    with opener.open(sim_url + "/sim/stats", timeout=30) as answer:
        return json.load(answer)


def run(arguments, folder):
    ledger = folder / "ledger"
    certificates = make_certificates(folder) if arguments.tls else None
    sim_options = ["--instant", *arguments.sim_option]
    if certificates:
        sim_options += ["--tls-certificate", str(certificates[1]), "--tls-key", str(certificates[2])]
    servers = []
    try:
        sim = Server("tidegate-sim", [arguments.sim, *sim_options], folder, dict(os.environ))
        servers.append(sim)
        url = sim.url
        if not arguments.direct:
            gateway = start_gateway(arguments.tidegate, sim.url, ledger, folder, certificates, arguments.settings)
            servers.append(gateway)
            url = gateway.url
        environment = client_environment(url, sim.url, folder, certificates) | {"TIDEGATE": arguments.tidegate, "LEDGER": str(ledger)}
        try:
            code = subprocess.run(arguments.client, env=environment, stdin=subprocess.DEVNULL,
                                  timeout=arguments.timeout).returncode
        except subprocess.TimeoutExpired:
            print(f"the client did not end within {arguments.timeout} s", file=sys.stderr)
            code = 1
        stats = read_stats(sim.url, certificates)
        if arguments.direct:
            return code
        stopped = servers.pop().stop()
        if code != 0 or stopped != 0:
            print(f"client: exit {code}; gateway: exit {stopped}, and it said:\n{gateway.errors()}", file=sys.stderr)
            return code or 1
        noted = folder / "sessions"
        sessions = noted.read_text().split() if noted.exists() else []
        lost = ledger_check.compare(stats, arguments.tidegate, ledger, sessions)
        for line in lost:
            print("ledger:", line, file=sys.stderr)
        return 3 if lost else 0
    finally:
        for server in reversed(servers):
            server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tidegate", required=True, type=os.path.abspath)
    parser.add_argument("--sim", required=True, type=os.path.abspath)
    parser.add_argument("--direct", action="store_true")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--settings", type=json.loads, default={}, help="of the gateway, as JSON")
    parser.add_argument("--sim-option", action="append", default=[])
    parser.add_argument("--timeout", type=float, default=100, help="seconds for the client")
    parser.add_argument("--needs", help="a file that is there if the client is installed")
    parser.add_argument("client", nargs="+")
    arguments = parser.parse_args()
    if arguments.needs and not os.path.exists(arguments.needs):
        print(f"{arguments.needs} is not there; tests/clients/install brings it", file=sys.stderr)
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="tidegate-client-") as folder:
        try:
            return run(arguments, pathlib.Path(folder))
        except RuntimeError as error:
            print(error, file=sys.stderr)
            return 4


if __name__ == "__main__":
    sys.exit(main())
