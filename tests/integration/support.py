# SPDX-License-Identifier: Apache-2.0
"""What the tests of a whole program share: something to wait for, and a far end on this machine."""
import http.server
import threading
import time
import urllib.request

PATIENCE = 60  # seconds


def until(what, condition, patience=PATIENCE):
    """The first value of `condition()` that is true. `what` names it, or is asked at the end what there is instead."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)  # who looks without a pause takes the processor from what it waits for
    raise AssertionError(f"not within {patience} s: {what() if callable(what) else what}")


def fetch(url, body=None):
    """The bytes of an answer, asked for past the machine's proxies; JSON is sent where there is a body."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, body, {"content-type": "application/json"}), timeout=PATIENCE) as answer:
        return answer.read()


class FarEnd(http.server.ThreadingHTTPServer):
    """Serves `handler` on a free port of loopback from now on; a test sets what it should know as attributes."""

    daemon_threads = True

    def __init__(self, handler, **known):
        super().__init__(("127.0.0.1", 0), handler)
        self.__dict__.update(known)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self):
        self.shutdown()
        self.server_close()
