# SPDX-License-Identifier: Apache-2.0
"""Servers of a benchmark: started on a core, waited for, measured by /proc, stopped by process id."""
import os
import pathlib
import re
import resource
import selectors
import signal
import socket
import subprocess
import time

from support.context import CannotRun

START_TIMEOUT = 90  # seconds; under callgrind everything is fifty times slower
STOP_TIMEOUT = 60


def pin(core):
    """For Popen's preexec_fn: this core alone, and all the descriptors there may be."""
    def prepare():
        os.sched_setaffinity(0, {core})
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return prepare


def cores():
    """(of the measured process, of those around it); the same one if there is only one."""
    own = sorted(os.sched_getaffinity(0))
    return own[-1], own[0]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One process. `port` is known beforehand, or read from the line `… listening on …PORT`."""

    def __init__(self, name, command, folder, core, port=None, environment=None):
        self.name = name
        self.log = pathlib.Path(folder) / f"{name}.log"
        with self.log.open("wb") as errors:
            self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
                                            cwd=folder, env=environment, preexec_fn=pin(core))
        try:
            self.port = port or self._read_port()
            self._wait_for_connect()
        except BaseException:
            self.stop()
            raise

    def _read_port(self):
        deadline = time.monotonic() + START_TIMEOUT
        output = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while (left := deadline - time.monotonic()) > 0 and selector.select(left):
                piece = os.read(self.process.stdout.fileno(), 65536)
                if not piece:
                    break
                output += piece
                if found := re.search(rb"listening on \S*?(\d+)\s", output):
                    return int(found[1])
        raise CannotRun(f"{self.name} did not start: {output.decode(errors='replace')}{self.errors()}")

    def _wait_for_connect(self):
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise CannotRun(f"{self.name} does not accept connections: {self.errors()}")

    def errors(self):
        return self.log.read_text(errors="replace")[-3000:]

    def measured_pid(self):
        """The process itself, or the one that strace runs."""
        if not self.name.startswith("strace-"):
            return self.process.pid
        pid = self.process.pid
        return int(pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])

    def cpu_seconds(self):
        """Time on a processor of all its threads, from the scheduler's nanoseconds; threads that ended are not in it."""
        total = 0
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
        return total / 1e9

    def memory(self):
        """{"rss", "pss"} in MB (10⁶ bytes)."""
        text = pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return {name.lower(): int(re.search(rf"^{name}:\s+(\d+) kB", text, re.M)[1]) * 1024 / 1e6 for name in ("Rss", "Pss")}

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        """SIGTERM, and SIGKILL for what does not end by itself. nginx can miss a signal that comes before its wait, so it is repeated."""
        for _ in range(STOP_TIMEOUT // 3):
            if self.process.poll() is None:
                try:
                    os.kill(self.measured_pid(), signal.SIGTERM)
                except (OSError, IndexError):
                    self.process.terminate()
            try:
                self.process.wait(3)
                break
            except subprocess.TimeoutExpired:
                continue
        else:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def stolen_fraction(before, after):
    """Of the processor time between two `machine_times`, the part that the host gave to others."""
    total = sum(after) - sum(before)
    return (after[7] - before[7]) / total if total > 0 else 0.0


def machine_times():
    """The ticks of /proc/stat: user nice system idle iowait irq softirq steal."""
    return [int(word) for word in pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
