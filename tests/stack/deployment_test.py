#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docker-compose.yml as docker-compose reads it, the systemd unit as systemd reads it, and the container's entrypoint, run.

    tests/stack/deployment_test.py TIDEGATE SIMULATOR
"""
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest
import urllib.error
from pathlib import Path

import yaml

from stack import DEPLOY, ROOT, Program, fetch

PROGRAM, SIMULATOR = (os.path.abspath(path) for path in sys.argv[1:3]) if len(sys.argv) > 2 else ("", "")
MESSAGE = json.dumps({"model": "claude-haiku-4-5", "max_tokens": 16, "messages": [{"role": "user", "content": "hi"}]}).encode()


@unittest.skipUnless(shutil.which("docker-compose"), "docker-compose is not installed; tools/install_dependencies --test brings it")
class Compose(unittest.TestCase):
    def config(self, env_text: str) -> subprocess.CompletedProcess:
        with tempfile.NamedTemporaryFile("w", suffix=".env") as env:
            env.write(env_text)
            env.flush()
            clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
            return subprocess.run(["docker-compose", "--env-file", env.name, "-f", ROOT / "docker-compose.yml", "config"], env=clean,
                                  capture_output=True, text=True, timeout=60)

    def test_is_what_it_says(self) -> None:
        example = (ROOT / ".env.example").read_text()
        self.assertEqual(re.findall(r"^(\w+)=$", example, re.M), ["CLAUDE_KEY", "LZ_API_KEY"])
        done = self.config(re.sub(r"^(\w+)=$", r"\1=test-\1", example, flags=re.M))
        self.assertEqual(done.returncode, 0, done.stderr)
        services = yaml.safe_load(done.stdout)["services"]
        self.assertEqual(set(services), {"tidegate", "prometheus", "alertmanager", "grafana", "redis"})
        self.assertEqual(services["tidegate"]["environment"]["LZ_API_KEY"], "test-LZ_API_KEY")
        published = []
        for name, service in services.items():
            with self.subTest(name):
                self.assertTrue(service["read_only"])
                self.assertEqual((service["cap_drop"], service["security_opt"]), (["ALL"], ["no-new-privileges:true"]))
                self.assertNotIn(service["user"].split(":")[0], ("", "0", "root"))
                self.assertTrue(service["healthcheck"]["test"])
                self.assertRegex(service["image"], r":v?\d+\.\d+\.\d+")
                for volume in service["volumes"]:
                    source = volume.split(":")[0] if isinstance(volume, str) else volume["source"]
                    if source.startswith("/"):
                        self.assertTrue(Path(source).exists(), volume)
            for port in service.get("ports", []):
                published.append(port if isinstance(port, str) else f'{port.get("host_ip")}:{port["published"]}:{port["target"]}')
        published = [port.removesuffix("/tcp") for port in published]
        self.assertEqual(sorted(published), ["127.0.0.1:3000:3000", "127.0.0.1:3001:3000", "127.0.0.1:8000:8000", "127.0.0.1:8080:8080"])

    def test_says_that_a_key_is_missing(self) -> None:
        done = self.config("CLAUDE_KEY=\n")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("put your key into .env", done.stderr)


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
class Unit(unittest.TestCase):
    def test_systemd_accepts_it_and_finds_it_hardened(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            unit = Path(folder) / "tidegate.service"
            unit.write_text((DEPLOY / "systemd" / "tidegate.service").read_text().replace("/usr/local/bin/tidegate", PROGRAM))
            done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, timeout=60)
            said = [line for line in (done.stdout + done.stderr).splitlines() if "tidegate" in line]
            self.assertEqual((done.returncode, said), (0, []), done.stderr)
            done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20", unit], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr)


class Entrypoint(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "tidegate").symlink_to(PROGRAM)
        (self.folder / "home").mkdir()
        simulator = Program(self.folder, "simulator", [SIMULATOR, "--instant", "--preset", "unlimited"])
        self.addCleanup(simulator.stop)
        url = simulator.waits_for(r"listening on (\S+)$")[1]
        shipped = (DEPLOY / "docker" / "tidegate.yaml").read_text()
        (self.folder / "tidegate.yaml").write_text(re.sub(r"https://api\.\w+\.\w+", url, shipped))

    def start(self, **environment: str) -> Program:
        kept = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
        program = Program(self.folder, "tidegate", [DEPLOY / "docker" / "entrypoint", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--metrics", "127.0.0.1:0"],
                          kept | {"PATH": f"{self.folder}/bin:/usr/bin:/bin", "TIDEGATE_HOME": f"{self.folder}/home", "CLAUDE_KEY": "sk-test",
                                  "TIDEGATE_CONFIG": f"{self.folder}/tidegate.yaml"} | environment)
        self.addCleanup(program.stop)
        program.dashboard = program.waits_for(r"^dashboard on (\S+)$")[1]
        program.url = program.waits_for(r"^tidegate listening on (\S+)$")[1]
        return program

    def ask(self, url: str, key: str) -> int:
        try:
            fetch(url + "/v1/messages", MESSAGE, {"x-api-key": key, "anthropic-version": "2023-06-01", "content-type": "application/json"})
            return 200
        except urllib.error.HTTPError as error:
            return error.code

    def test_makes_token_and_key_once_and_serves_with_them(self) -> None:
        program = self.start()
        token = program.waits_for(r"^admin token \(dashboard, admin API\): ([\w-]{40,})$")[1]
        key = program.waits_for(r"^first key for clients \(shown this once\): (tg_\w+)$")[1]
        self.assertEqual(self.ask(program.url, key), 200)
        self.assertEqual(self.ask(program.url, "tg_of_nobody"), 401)
        providers = fetch(program.dashboard + "api/v1/rooms", headers={"authorization": f"Bearer {token}"}).decode()
        self.assertIn("anthropic", providers)
        self.assertNotIn('"spare"', providers)
        kept = self.folder / "home" / "admin_token"
        self.assertEqual(stat.S_IMODE(kept.stat().st_mode), 0o600)
        self.assertEqual(kept.read_text(), token)
        self.assertNotIn(key, "".join(file.read_text(errors="replace") for file in (self.folder / "home").iterdir() if file.is_file()))
        program.stop()

        again = self.start(LZ_API_KEY="sk-spare")
        self.assertNotIn(token, again.said())
        self.assertNotIn("first key", again.said())
        self.assertEqual(self.ask(again.url, key), 200)
        effective = yaml.safe_load((self.folder / "home" / "effective.yaml").read_text())
        self.assertEqual([provider["name"] for provider in effective["providers"]], ["anthropic", "spare"])
        self.assertEqual(effective["routes"], [{"model": "*", "provider": "anthropic", "overflow": ["spare"]}])
        self.assertNotIn("pool", effective["providers"][0])

    def test_says_that_the_volume_cannot_be_written(self) -> None:
        done = subprocess.run([DEPLOY / "docker" / "entrypoint"], capture_output=True, text=True, timeout=60,
                              env={"PATH": f"{self.folder}/bin:/usr/bin:/bin", "TIDEGATE_HOME": f"{self.folder}/nowhere"})
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot be written", done.stderr)


if __name__ == "__main__":
    del sys.argv[1:3]
    unittest.main()
