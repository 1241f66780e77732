# SPDX-License-Identifier: Apache-2.0
"""opencode's run mode, by both dialects."""
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "python"))
from common import CLIENTS, TEXT, Sandbox

PROGRAM = CLIENTS / "opencode-linux-x64" / "bin" / "opencode"


class OpencodeTest(unittest.TestCase):
    def ask(self, config):
        sandbox = Sandbox(self.id().rsplit(".", 1)[-1])
        (sandbox.work / "opencode.json").write_text(json.dumps({"autoupdate": False, "share": "disabled"} | config))
        output, code = sandbox.run(PROGRAM, "run", "say hi", OPENCODE_DISABLE_MODELS_FETCH="1", OPENCODE_DISABLE_AUTOUPDATE="1",
                                   OPENCODE_DISABLE_LSP_DOWNLOAD="1")
        self.assertEqual(code, 0, output)
        self.assertIn(TEXT, output)

    def test_answers_by_anthropics_dialect(self):
        self.ask({"model": "anthropic/claude-sonnet-4-5", "small_model": "anthropic/claude-haiku-4-5", "provider": {"anthropic": {
            "options": {"baseURL": os.environ["ANTHROPIC_BASE_URL"] + "/v1", "apiKey": "sk-ant-client"},
            "models": {"claude-sonnet-4-5": {}, "claude-haiku-4-5": {}}}}})

    def test_answers_by_openais_dialect(self):
        self.ask({"model": "gateway/gpt-4.1-mini", "small_model": "gateway/gpt-4.1-mini", "provider": {"gateway": {
            "npm": "@ai-sdk/openai-compatible", "name": "gateway",
            "options": {"baseURL": os.environ["OPENAI_BASE_URL"], "apiKey": "sk-client"}, "models": {"gpt-4.1-mini": {}}}}})


if __name__ == "__main__":
    unittest.main()
