# SPDX-License-Identifier: Apache-2.0
"""A machine that only runs Tidegate has no test packages: the build must not ask for them."""
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class ProductionBuildTest(unittest.TestCase):
    def test_is_configured_without_the_packages_of_the_tests(self):
        with tempfile.TemporaryDirectory() as build:
            done = subprocess.run(["cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
                                   "-DCMAKE_DISABLE_FIND_PACKAGE_GTest=ON", "-DCMAKE_DISABLE_FIND_PACKAGE_Python3=ON"],
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn("tests and benchmarks are left out", done.stdout)
            targets = subprocess.run(["ninja", "-C", build, "-t", "targets", "all"], capture_output=True, text=True, check=True).stdout
            self.assertIn("tidegate-sim:", targets)
            self.assertNotIn("_test:", targets)


if __name__ == "__main__":
    unittest.main()
