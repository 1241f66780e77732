# SPDX-License-Identifier: Apache-2.0
"""Codex in exec mode, over plain HTTP."""
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "python"))
from common import CLIENTS, TEXT, Sandbox
from simulator import stats

PROGRAM = CLIENTS / "@openai" / "codex-linux-x64" / "vendor" / "x86_64-unknown-linux-musl" / "bin" / "codex"
CONFIG = """
model = "gpt-5.1"
model_provider = "gateway"
check_for_update_on_startup = false
[analytics]
enabled = false
[model_providers.gateway]
name = "gateway"
base_url = "{url}"
env_key = "OPENAI_API_KEY"
wire_api = "responses"
{more}
"""


class CodexTest(unittest.TestCase):
    def ask(self, prompt, more=""):
        sandbox = Sandbox(self.id().rsplit(".", 1)[-1])
        (sandbox.home / "config.toml").write_text(CONFIG.format(url=os.environ["OPENAI_BASE_URL"], more=more))
        return sandbox.run(PROGRAM, "exec", "--skip-git-repo-check", "-s", "read-only", prompt,
                           CODEX_HOME=str(sandbox.home), OPENAI_API_KEY="sk-client")

    def test_answers(self):
        before = stats()["charged"]
        output, code = self.ask("say hi")
        self.assertEqual(code, 0, output)
        self.assertIn(TEXT, output)
        self.assertEqual(stats()["charged"], before + 1)

    def test_falls_back_from_websocket_at_once(self):
        output, code = self.ask("say hi", "supports_websockets = true")
        self.assertEqual(code, 0, output)
        self.assertIn(TEXT, output)


if __name__ == "__main__":
    unittest.main()
