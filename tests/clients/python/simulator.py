# SPDX-License-Identifier: Apache-2.0
"""What the client tests ask the simulator itself, past the gateway."""
import json
import os
import time
import urllib.request


def stats():
    with urllib.request.urlopen(os.environ["SIM_URL"] + "/sim/stats", timeout=30) as answer:
        return json.load(answer)


class Answers:
    """Counts what the provider answers inside a `with`: `answers.given(429)`, `answers.seconds`."""

    def __enter__(self):
        self._before = stats()["answers"]
        self._start = time.monotonic()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self._start
        self._after = stats()["answers"]

    def given(self, status):
        return self._after.get(str(status), 0) - self._before.get(str(status), 0)


def fault(text):
    """The request header that makes the simulator fail."""
    return {"x-sim-fault": text}
