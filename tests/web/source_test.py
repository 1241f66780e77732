#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The dashboard's own tests, run by Node, and its types, where tests/web/install brought the compiler."""
import subprocess
import sys
import tempfile

import tools

node = tools.node(18)
modules = tools.dashboard_modules()
with tempfile.TemporaryDirectory() as folder:
    subprocess.run([node, str(tools.ROOT / "web/build.mjs"), str(modules), folder + "/"], check=True)
    failed = subprocess.run([node, "--test", folder + "/tests.mjs"]).returncode
compiler = tools.TEST_MODULES / "node_modules/.bin/tsc"
if compiler.exists():
    failed |= subprocess.run([str(compiler), "-p", str(tools.ROOT / "web")]).returncode
else:
    print("types not checked: tests/web/install has not run")
sys.exit(failed)
