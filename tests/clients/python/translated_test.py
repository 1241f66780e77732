# SPDX-License-Identifier: Apache-2.0
"""Each SDK drives the other vendor's models: OpenAI's asks a provider of Anthropic's dialect, Anthropic's one of OpenAI's."""
import unittest

import anthropic
import openai

HI = [{"role": "user", "content": "say hi"}]
TEXT = "Hello from the simulator."
CALL = [{"role": "user", "content": 'USE_TOOL get_weather {"city": "Brest"}'}]
WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}


class OpenAiSdkTest(unittest.TestCase):
    MODEL = "claude-for-openai"
    TOOLS = [{"type": "function", "function": {"name": "get_weather", "parameters": WEATHER}}]

    def setUp(self):
        self.client = openai.OpenAI(timeout=60)
        self.addCleanup(self.client.close)

    def chat(self, **options):
        return self.client.chat.completions.create(**({"model": self.MODEL, "messages": HI} | options))

    def test_completes_a_chat(self):
        raw = self.client.chat.completions.with_raw_response.create(model=self.MODEL, messages=[{"role": "system", "content": "Be brief."}, *HI], max_tokens=100)
        answer = raw.parse()
        self.assertEqual(raw.headers["x-tidegate-provider"], "anthropic")
        self.assertEqual(raw.headers["x-tidegate-model"], "claude-haiku-4-5")
        self.assertTrue(answer.choices[0].message.content.startswith(TEXT))
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        self.assertEqual(answer.usage.completion_tokens, 12)
        self.assertEqual(answer.usage.total_tokens, answer.usage.prompt_tokens + 12)

    def test_streams_a_chat_with_its_usage(self):
        chunks = list(self.chat(stream=True, stream_options={"include_usage": True}))
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        self.assertTrue(text.startswith(TEXT))
        self.assertEqual(chunks[0].choices[0].delta.role, "assistant")
        self.assertEqual(chunks[-1].usage.completion_tokens, 12)

    def test_streams_without_usage_unless_it_asks(self):
        self.assertTrue(all(chunk.choices and chunk.usage is None for chunk in self.chat(stream=True)))

    def test_goes_a_round_with_a_tool(self):
        asked = self.chat(messages=CALL, tools=self.TOOLS).choices[0]
        self.assertEqual(asked.finish_reason, "tool_calls")
        call = asked.message.tool_calls[0]
        self.assertEqual(call.function.name, "get_weather")
        self.assertEqual(call.function.arguments.replace(" ", ""), '{"city":"Brest"}')
        told = self.chat(tools=self.TOOLS, messages=[*CALL, asked.message, {"role": "tool", "tool_call_id": call.id, "content": "12"}])
        self.assertEqual(told.choices[0].finish_reason, "stop")

    def test_streams_a_tool_call(self):
        with self.client.chat.completions.stream(model=self.MODEL, messages=CALL, tools=[
                {"type": "function", "function": {"name": "get_weather", "parameters": WEATHER, "strict": True}}]) as stream:
            final = stream.get_final_completion()
        self.assertEqual(final.choices[0].message.tool_calls[0].function.parsed_arguments, {"city": "Brest"})
        self.assertEqual(final.choices[0].finish_reason, "tool_calls")

    def test_understands_its_errors(self):
        with openai.OpenAI(timeout=60, max_retries=0) as client, self.assertRaises(openai.BadRequestError) as raised:
            client.chat.completions.create(model=self.MODEL, messages=[])
        self.assertTrue(raised.exception.message)


class AnthropicSdkTest(unittest.TestCase):
    MODEL = "gpt-for-anthropic"
    TOOLS = [{"name": "get_weather", "description": "The weather of a city", "input_schema": WEATHER}]

    def setUp(self):
        self.client = anthropic.Anthropic(timeout=60)
        self.addCleanup(self.client.close)

    def create(self, **options):
        return self.client.messages.create(**({"model": self.MODEL, "max_tokens": 100, "messages": HI} | options))

    def test_creates_a_message(self):
        raw = self.client.messages.with_raw_response.create(model=self.MODEL, max_tokens=100, system="Be brief.", messages=HI)
        answer = raw.parse()
        self.assertEqual(raw.headers["x-tidegate-provider"], "openai")
        self.assertTrue(answer.content[0].text.startswith(TEXT))
        self.assertEqual(answer.stop_reason, "end_turn")
        self.assertEqual(answer.usage.output_tokens, 12)

    def test_streams_with_the_helper(self):
        with self.client.messages.stream(model=self.MODEL, max_tokens=100, messages=HI) as stream:
            text = "".join(stream.text_stream)
            final = stream.get_final_message()
        self.assertTrue(text.startswith(TEXT))
        self.assertEqual((final.stop_reason, final.usage.output_tokens), ("end_turn", 12))

    def test_goes_a_round_with_a_tool(self):
        asked = self.create(messages=CALL, tools=self.TOOLS)
        self.assertEqual(asked.stop_reason, "tool_use")
        call = asked.content[-1]
        self.assertEqual((call.name, call.input), ("get_weather", {"city": "Brest"}))
        told = self.create(tools=self.TOOLS, messages=[*CALL, {"role": "assistant", "content": asked.content},
                                                       {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "12"}]}])
        self.assertEqual(told.stop_reason, "end_turn")

    def test_streams_a_tool_call(self):
        with self.client.messages.stream(model=self.MODEL, max_tokens=100, messages=CALL, tools=self.TOOLS) as stream:
            final = stream.get_final_message()
        self.assertEqual(final.content[-1].input, {"city": "Brest"})
        self.assertEqual(final.stop_reason, "tool_use")

    def test_understands_its_errors(self):
        with anthropic.Anthropic(timeout=60, max_retries=0) as client, self.assertRaises(anthropic.APIStatusError) as raised:
            client.messages.create(model=self.MODEL, max_tokens=100, messages=[])
        self.assertEqual(raised.exception.body["type"], "error")


if __name__ == "__main__":
    unittest.main()
