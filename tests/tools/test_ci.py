# SPDX-License-Identifier: Apache-2.0
"""What continuous integration calls: one program for each change, one for each week, both told of in CONTRIBUTING.md."""
import os
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Ci(unittest.TestCase):
    def test_runs_every_test_and_weekly_the_heavy_clients_too(self):
        for name, command in (("run", "exec ./test"), ("weekly", "exec ./test --all")):
            program = ROOT / ".ci" / name
            self.assertTrue(os.access(program, os.X_OK), program)
            self.assertEqual(program.read_text(encoding="utf-8").splitlines()[-1], command)
            self.assertIn(f".ci/{name}", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
