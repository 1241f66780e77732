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
    """The request headers that make the simulator fail, and Tidegate tell of it at once instead of trying again itself."""
    return {"x-sim-fault": text, "x-tidegate-max-wait": "0"}


def refused_model(vendor, name):
    """A refused pool stays closed for as long as the provider said: what is refused has a model, and so a pool, of its own."""
    return f"{vendor}-refused-{name.replace('=', '-')}"
