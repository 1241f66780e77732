# SPDX-License-Identifier: Apache-2.0
"""LangChain's chat model for Anthropic, on the SDK that is installed beside it."""
import os
import unittest

import anthropic
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from simulator import Answers, fault, refused_model

TEXT = "Hello from the simulator."


@tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"12 degrees in {city}"


def new_model(**options):
    return ChatAnthropic(**({"model": "claude-haiku-4-5", "max_tokens": 100, "timeout": 60, "base_url": os.environ["ANTHROPIC_BASE_URL"]} | options))


def faulty(text, **options):
    return new_model(**({"max_retries": 0, "default_headers": fault(text)} | options))


class LangChainTest(unittest.TestCase):
    def test_invokes_a_model(self):
        answer = new_model().invoke("say hi")
        self.assertTrue(answer.text.startswith(TEXT))
        self.assertEqual(answer.usage_metadata["output_tokens"], 12)

    def test_streams_a_model(self):
        chunks = list(new_model().stream("say hi"))
        self.assertGreater(len(chunks), 2)
        self.assertTrue("".join(chunk.text for chunk in chunks).startswith(TEXT))

    def test_goes_a_round_with_a_tool(self):
        model = new_model().bind_tools([get_weather])
        question = HumanMessage('USE_TOOL get_weather {"city": "Brest"}')
        asked = model.invoke([question])
        self.assertEqual([(call["name"], call["args"]) for call in asked.tool_calls], [("get_weather", {"city": "Brest"})])
        done = get_weather.invoke(asked.tool_calls[0])
        self.assertIsInstance(done, ToolMessage)
        self.assertTrue(model.invoke([question, asked, done]).text.startswith(TEXT))

    def test_raises_an_error_of_the_provider(self):
        with self.assertRaises(anthropic.AuthenticationError):
            faulty("401").invoke("say hi")
        with self.assertRaises(anthropic.InternalServerError) as raised:
            faulty("529").invoke("say hi")
        self.assertEqual(raised.exception.status_code, 529)

    def test_obeys_retry_after(self):
        with Answers() as answers, self.assertRaises(anthropic.RateLimitError):
            faulty("rate=1", max_retries=1, model=refused_model("claude", "langchain-python")).invoke("say hi")
        self.assertEqual(answers.given(429), 2)
        self.assertGreaterEqual(answers.seconds, 0.95)

    def test_hears_of_a_stream_that_breaks_off(self):
        for kind in ("cut=4", "truncate=4", "error_event"):
            with self.subTest(kind), self.assertRaises(Exception):
                list(faulty(kind).stream("say hi"))


if __name__ == "__main__":
    unittest.main()
