# SPDX-License-Identifier: Apache-2.0
"""Claude Code in print mode: a plain answer, a tool that it runs, and a failure that it retries."""
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "python"))
from common import CLIENTS, TEXT, Sandbox
from simulator import Answers, stats

PROGRAM = CLIENTS / "@anthropic-ai" / "claude-code-linux-x64" / "claude"


class ClaudeCodeTest(unittest.TestCase):
    def ask(self, prompt, *arguments, **environment):
        output, code = Sandbox(self.id().rsplit(".", 1)[-1]).run(
            PROGRAM, "-p", prompt, "--output-format", "json", *arguments,
            ANTHROPIC_BASE_URL=os.environ["ANTHROPIC_BASE_URL"], DISABLE_TELEMETRY="1", DISABLE_AUTOUPDATER="1",
            **({"ANTHROPIC_API_KEY": "sk-ant-client", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"} | environment))
        found = [line for line in output.splitlines() if line.startswith("{")]
        self.assertTrue(found, output)
        answer = json.loads(found[-1])
        with open(os.path.join(os.environ["WORK_DIR"], "sessions"), "a", encoding="ascii") as sessions:
            print(answer["session_id"], file=sessions)
        return answer, code

    def test_answers(self):
        answer, code = self.ask("say hi")
        self.assertEqual((code, answer["is_error"]), (0, False), answer)
        self.assertIn(TEXT, answer["result"])

    def test_answers_with_both_credentials_and_headers_of_its_own(self):
        answer, code = self.ask("say hi", ANTHROPIC_AUTH_TOKEN="another", CLAUDE_CODE_GATEWAY_HINT_HEADERS="1",
                                ANTHROPIC_CUSTOM_HEADERS="x-team: tides", CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="0")
        self.assertEqual((code, answer["is_error"]), (0, False), answer)

    def test_runs_a_tool(self):
        before = stats()["charged"]
        answer, code = self.ask('USE_TOOL Bash {"command": "echo tide > made-by-tool", "description": "write a file"}',
                                "--allowedTools", "Bash")
        self.assertEqual((code, answer["is_error"]), (0, False), answer)
        made = os.path.join(os.environ["WORK_DIR"], "test_runs_a_tool", "work", "made-by-tool")
        with open(made, encoding="ascii") as file:
            self.assertEqual(file.read(), "tide\n")
        self.assertEqual(stats()["charged"], before + 2)

    def test_gives_up_on_a_wrong_request_as_it_would_alone(self):
        with Answers() as answers:
            answer, code = self.ask("say hi", ANTHROPIC_CUSTOM_HEADERS="x-sim-fault: 403\nx-tidegate-max-wait: 0")
        self.assertEqual((code, answer["is_error"]), (1, True), answer)
        self.assertEqual(answers.given(403), 1)


if __name__ == "__main__":
    unittest.main()
