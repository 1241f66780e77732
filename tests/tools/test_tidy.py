# SPDX-License-Identifier: Apache-2.0
"""Which files tools/tidy looks at; in the place of clang-tidy stands a script that notes what it is given."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class TidyTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.box = pathlib.Path(folder.name)
        self.write("bin/cmake", "#!/bin/sh\n").chmod(0o755)
        self.write("bin/clang-tidy-14", '#!/bin/sh\nfor last; do :; done\necho "$last" >>seen\n! grep -q doubtful "$last"\n').chmod(0o755)
        self.write("tools/tidy", "")
        shutil.copy(ROOT / "tools/tidy", self.box / "tools/tidy")
        for name in ("src/a.cpp", "src/b.cpp", "src/gone.cpp", "bench/c.cpp"):
            self.write(name, "as it was\n")
        self.write(".gitignore", "/bin/\n/seen\n")
        self.git("init", "-q", "-b", "main")
        self.commit("2026-01-01T00:00:00Z")

    def git(self, *arguments, **environment):
        subprocess.run(["git", *arguments], cwd=self.box, check=True, env=os.environ | environment)

    def commit(self, when):
        self.git("add", ".")
        self.git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "one", GIT_COMMITTER_DATE=when)

    def write(self, name, text):
        path = self.box / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def tidy(self, *files):
        """(exit status, the files that were looked at)."""
        done = subprocess.run([self.box / "tools/tidy", *files], env=os.environ | {"PATH": f"{self.box / 'bin'}:{os.environ['PATH']}"},
                              capture_output=True, text=True, timeout=60, check=False)
        seen = self.box / "seen"
        return done.returncode, sorted(seen.read_text().split()) if seen.exists() else []

    def test_looks_at_the_sources_that_differ_from_main(self):
        self.assertEqual(self.tidy(), (0, []))
        self.write("src/a.cpp", "changed\n")
        self.write("sim/new.cpp", "new\n")
        self.write("bench/c.cpp", "changed\n")
        self.write("src/a.h", "new\n")
        (self.box / "src/gone.cpp").unlink()
        self.assertEqual(self.tidy(), (0, ["sim/new.cpp", "src/a.cpp"]))

    def test_looks_at_the_sources_that_have_changed_since_a_time(self):
        self.write("src/a.cpp", "changed\n")
        self.commit("2026-02-01T00:00:00Z")
        self.assertEqual(self.tidy("--since", "2026-02-02T00:00:00Z"), (0, []))
        self.assertEqual(self.tidy("--since", "2025-12-31T00:00:00Z"), (0, []))  # before there was anything
        self.assertEqual(self.tidy("--since", "2026-01-15T00:00:00Z"), (0, ["src/a.cpp"]))

    def test_looks_at_the_files_that_are_named_and_tells_by_its_exit_status(self):
        self.write("src/b.cpp", "doubtful\n")
        status, seen = self.tidy("src/b.cpp")
        self.assertEqual(seen, ["src/b.cpp"])
        self.assertNotEqual(status, 0)


if __name__ == "__main__":
    unittest.main()
