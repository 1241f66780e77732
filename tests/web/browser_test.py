#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens every page of a living Tidegate in a browser: the demo, with budgets and keys, and an instance that asks for its token.

    tests/web/browser_test.py TIDEGATE FOLDER     screenshots go into FOLDER
"""
import subprocess
import sys
import tempfile
from pathlib import Path

import instance
import tools


def main(program: str, pictures: str) -> int:
    node, modules, browser = tools.node(20), tools.test_modules(), tools.chromium()
    tools.dashboard_modules()
    Path(pictures).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, instance.demo_and_closed(program, Path(folder)) as (demo, closed):
        return subprocess.run([node, str(tools.ROOT / "tests/web/browser_test.mjs"), str(modules), browser, demo.dashboard, closed.dashboard,
                               instance.TOKEN, pictures]).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
