# SPDX-License-Identifier: Apache-2.0
"""What ./test says when it has nothing to run; with a tree of one test, and nothing is built."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class TestTest(unittest.TestCase):
    def test_a_name_that_no_test_has_is_an_error(self):
        with tempfile.TemporaryDirectory() as folder:
            box = pathlib.Path(folder)
            for name, text in {"tools/install_dependencies": "#!/bin/sh\n", "bin/cmake": "#!/bin/sh\n", "bin/ninja": "#!/bin/sh\n",
                               "build/dev/CTestTestfile.cmake": 'add_test(known "true")\n'}.items():
                path = box / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
                path.chmod(0o755)
            shutil.copy(ROOT / "test", box / "test")
            environment = os.environ | {"PATH": f"{box / 'bin'}:{os.environ['PATH']}"}
            known, unknown = (subprocess.run([box / "test", name], env=environment, capture_output=True, text=True, timeout=60, check=False)
                              for name in ("known", "TYPO"))
            self.assertEqual(known.returncode, 0, known.stdout + known.stderr)
            self.assertNotEqual(unknown.returncode, 0)
            self.assertIn("No tests were found", unknown.stdout + unknown.stderr)


if __name__ == "__main__":
    unittest.main()
