# SPDX-License-Identifier: Apache-2.0
"""What the tests of the heavy clients share: a clean home, a folder to work in, and one bounded run of the program."""
import os
import pathlib
import subprocess

CLIENTS = pathlib.Path(__file__).resolve().parents[3] / "build" / "clients" / "heavy" / "node_modules"
TEXT = "Hello from the simulator."


class Sandbox:
    """`home` and `work` below WORK_DIR; `run` gives what the program printed and its exit code."""

    def __init__(self, name):
        root = pathlib.Path(os.environ["WORK_DIR"]) / name
        self.home = root / "home"
        self.work = root / "work"
        self.home.mkdir(parents=True)
        self.work.mkdir()

    def run(self, program, *arguments, timeout=100, **environment):
        """Only the variables named here: nothing of whoever runs the tests may reach the program."""
        authority = {name: os.environ[name] for name in ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CODEX_CA_CERTIFICATE")
                     if name in os.environ}
        done = subprocess.run([str(program), *arguments], cwd=self.work, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=timeout, env={"HOME": str(self.home), "PATH": "/usr/bin:/bin", "TERM": "dumb",
                                                    "LANG": "C.UTF-8", "NO_PROXY": "127.0.0.1"} | authority | environment)
        return done.stdout + "\n" + done.stderr, done.returncode
