# SPDX-License-Identifier: Apache-2.0
"""What every benchmark gets: where things are, how to build them, and where its levels go."""
import shutil
import subprocess
import sys


class CannotRun(Exception):
    """The benchmark itself could not be done: a tool is missing, a server did not start."""


class Context:
    def __init__(self, root, folder, quick):
        self.root = root      # of the sources
        self.folder = folder  # for whatever the run writes; removed after it
        self.quick = quick
        self.levels = []

    def level(self, name, value, unit, limit, at_least=False):
        """`value` must be at most `limit`, or at least; None is a figure that could not be had, which reaches no level."""
        rounded = None if value is None else round(value, 4)
        reached = value is not None and (value >= limit if at_least else value <= limit)
        self.levels.append({"name": name + (", at least" if at_least else ""), "value": rounded, "unit": unit, "limit": limit, "pass": reached})

    def note(self, text):
        print(f"bench: {text}", file=sys.stderr, flush=True)

    def build(self, *targets, preset="release"):
        """Builds ninja targets and gives the build directory."""
        folder = self.root / "build" / preset
        self.note(f"building {' '.join(targets)}")
        for command in (["cmake", "--preset", preset], ["ninja", "-C", str(folder), *targets]):
            done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise CannotRun(f"{' '.join(command)}:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
        return folder

    def tool(self, name):
        path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
        if path is None:
            raise CannotRun(f"{name} is not installed; tools/install_dependencies --bench brings it")
        return path
