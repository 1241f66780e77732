# SPDX-License-Identifier: Apache-2.0
"""A test that runs `tidegate demo`; the program is the test's first argument."""
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

PROGRAM = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else ""
FREE = "127.0.0.1:0"
PATIENCE = 60


class DemoTest(unittest.TestCase):
    ARGUMENTS = ()
    patience = PATIENCE

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.log = open(self.folder / "log", "w+")
        self.addCleanup(self.log.close)
        self.process = subprocess.Popen(
            [PROGRAM, "demo", "--listen", FREE, "--admin", FREE, "--metrics", FREE, *self.ARGUMENTS],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.addCleanup(self.end)
        self.urls = {}
        for line in self.process.stdout:
            what, _, url = line.strip().rpartition(" on ")
            self.urls[what] = url
            if what == "dashboard":
                break
        else:
            self.log.seek(0)
            self.fail("the demo ended: " + self.log.read())

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def fetch(self, url: str) -> str:
        loopback = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # without the machine's proxies
        with loopback.open(url, timeout=30) as answer:
            return answer.read().decode()

    def ask(self, path: str):
        """JSON of the dashboard's API."""
        return json.loads(self.fetch(self.urls["dashboard"] + "api/v1/" + path))

    def until(self, question, what: str):
        """The first answer that is true."""
        deadline = time.monotonic() + self.patience
        while time.monotonic() < deadline:
            if answer := question():
                return answer
            time.sleep(0.1)
        self.fail(f"{what} did not happen within {self.patience} s")
