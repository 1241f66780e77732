# SPDX-License-Identifier: Apache-2.0
"""What ./up starts, and that it finds what it started. Nothing is built: in the place of the program stands a copy of bash, which
takes `serve`, `demo` and `config` for the scripts below."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

RUN = """
echo "$0 $*" >>calls
sleep infinity &
trap "kill $!; exit" TERM
echo "tidegate listening on http://127.0.0.1:1"
echo "metrics on http://127.0.0.1:2/metrics"
echo "dashboard on http://127.0.0.1:3/"
wait
"""
FILES = {
    "serve": RUN,
    "demo": RUN,
    "config": '! grep -s broken tidegate.yaml\n',
    "tools/install_dependencies": "#!/bin/sh\n",
    "bin/cmake": "#!/bin/sh\n",
    "bin/curl": "#!/bin/sh\n",
    # As the linker does it: the file of a running program is not written to, it is replaced.
    "bin/ninja": "#!/bin/sh\ncd build/release/src/app && cp tidegate new && mv new tidegate\n",
}


class UpTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.box = pathlib.Path(folder.name)
        for name, text in FILES.items():
            self.write(name, text).chmod(0o755)
        shutil.copy(ROOT / "up", self.box / "up")
        self.program = self.box / "build/release/src/app/tidegate"
        self.program.parent.mkdir(parents=True)
        shutil.copy(shutil.which("bash"), self.program)
        self.addCleanup(self.kill)

    def write(self, name: str, text: str) -> pathlib.Path:
        path = self.box / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def up(self, *arguments: str, **how) -> subprocess.CompletedProcess:
        environment = {"PATH": f"{self.box / 'bin'}:{os.environ['PATH']}", "HOME": "/home/somebody", **how.pop("environment", {})}
        return subprocess.run([self.box / "up", *arguments], env=environment, cwd="/", capture_output=True, text=True, timeout=60, check=False, **how)

    def start(self, **environment: str) -> int:
        done = self.up(environment=environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.pid()

    def pid(self) -> int:
        return int((self.box / ".run/tidegate.pid").read_text())

    def calls(self) -> list[str]:
        return (self.box / "calls").read_text().splitlines()

    def kill(self) -> None:
        """Whatever runs the program still, of which a failed test may have lost the pid file."""
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(process / "exe").removesuffix(" (deleted)") == str(self.program):
                    os.kill(int(process.name), 15)
            except OSError:
                continue

    def assert_runs(self, pid: int) -> None:
        self.assertTrue(os.path.exists(f"/proc/{pid}/exe"))

    def assert_ended(self, pid: int) -> None:
        self.assertFalse(os.path.exists(f"/proc/{pid}/exe"))

    def test_stops_an_instance_whose_program_a_build_has_replaced(self):
        pid = self.start()
        subprocess.run([self.box / "bin/ninja"], cwd=self.box, check=True)
        done = self.up("--stop")
        self.assertEqual((done.returncode, done.stdout), (0, "stopped\n"), done.stderr)
        self.assert_ended(pid)
        self.assertEqual(self.up("--stop").stdout, "nothing was running\n")

    def test_takes_the_place_of_an_instance_whose_program_it_replaces(self):
        first = self.start()
        second = self.start()
        self.assertNotEqual(first, second)
        self.assert_ended(first)
        self.assert_runs(second)

    def test_leaves_a_process_alone_that_has_got_the_number_of_an_instance(self):
        other = subprocess.Popen(["sleep", "infinity"])
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        self.write(".run/tidegate.pid", f"{other.pid}\n")
        self.assertEqual(self.up("--stop").stdout, "nothing was running\n")
        self.assertIsNone(other.poll())

    @unittest.skipUnless(os.getuid() == 0, "takes root to be two users")
    def test_does_not_say_that_it_stopped_what_another_user_runs(self):
        pid = self.start()
        for folder in (self.box, self.box / ".run"):
            folder.chmod(0o777)
        done = self.up("--stop", user="nobody")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn(f"process {pid} is a tidegate of user root", done.stderr)
        self.assert_runs(pid)
        self.assertEqual(self.pid(), pid)

    def test_serves_by_the_configuration_that_is_there(self):
        self.write("tidegate.yaml", "providers: []\n")
        self.write(".env", "MY_KEY=sk-1\n")
        self.start()
        self.start(TIDEGATE_ADMIN="127.0.0.1:3001")
        self.assertEqual(self.calls(), ["serve ", "serve --admin 127.0.0.1:3001"])

    def test_shows_what_is_wrong_with_the_configuration_and_leaves_the_running_instance(self):
        pid = self.start()
        self.write("tidegate.yaml", "broken\n")
        done = self.up()
        self.assertEqual((done.returncode, done.stderr), (1, "broken\n"))
        self.assert_runs(pid)
        self.assertEqual(self.pid(), pid)

    def test_serves_with_a_key_and_shows_the_demo_without(self):
        self.start()
        for name in ("CLAUDE_KEY", "ANTHROPIC_API_KEY", "LZ_API_KEY", "OPENAI_API_KEY"):
            self.start(**{name: "sk-1"})
        self.assertEqual(self.calls(), ["demo "] + ["serve "] * 4)

    def test_finds_a_key_in_the_file_where_tidegate_does(self):
        served = ["# keys\n  export LZ_API_KEY = sk-1 # mine", "OPENAI_API_KEY='sk 1'", "\ufeffANTHROPIC_API_KEY=\"sk\"\r"]
        shown = ["CLAUDE_KEY=\r\n#CLAUDE_KEY=sk-1\nMY_CLAUDE_KEY=sk-1", "CLAUDE_KEY=\"\"\nLZ_API_KEY=''", "CLAUDE_KEY= # none yet"]
        for text in served + shown:
            self.write(".env", text + "\n")
            self.start()
        self.assertEqual(self.calls(), ["serve "] * len(served) + ["demo "] * len(shown))

    def test_runs_and_expands_nothing_of_the_file(self):
        self.write(".env", "NOTE=hello world\nCLAUDE_KEY=sk-$HOME-x\nMORE=$(touch ran)\nTIDEGATE_LISTEN=127.0.0.1:9\n")
        self.write("serve", 'echo "${CLAUDE_KEY-unset}" >>calls\n' + RUN)
        self.start()
        self.assertEqual(self.calls(), ["unset", "serve "])
        self.assertFalse((self.box / "ran").exists())


if __name__ == "__main__":
    unittest.main()
