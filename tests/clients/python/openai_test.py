# SPDX-License-Identifier: Apache-2.0
"""The OpenAI SDK for Python through the gateway's OpenAI routes."""
import unittest

import openai
from simulator import Answers, fault, refused_model

MODEL = "gpt-4.1-mini"
HI = [{"role": "user", "content": "say hi"}]
TEXT = "Hello from the simulator."
WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}
CALL = 'USE_TOOL get_weather {"city": "Brest"}'


def new_client(**options):
    return openai.OpenAI(timeout=60, **options)


class OpenAiTest(unittest.TestCase):
    def setUp(self):
        self.client = new_client()
        self.addCleanup(self.client.close)

    def chat(self, **options):
        return self.client.chat.completions.create(**({"model": MODEL, "messages": HI} | options))

    # --- answers

    def test_completes_a_chat(self):
        answer = self.chat()
        self.assertTrue(answer.choices[0].message.content.startswith(TEXT))
        self.assertEqual(answer.usage.completion_tokens, 12)
        self.assertTrue(answer._request_id.startswith("req_"))

    def test_streams_a_chat_with_its_usage(self):
        chunks = list(self.chat(stream=True, stream_options={"include_usage": True}))
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        self.assertTrue(text.startswith(TEXT))
        self.assertEqual(chunks[-1].choices, [])
        self.assertEqual(chunks[-1].usage.completion_tokens, 12)

    def test_streams_a_chat_without_usage_unless_it_asks(self):
        chunks = list(self.chat(stream=True))
        self.assertTrue(all(chunk.choices and chunk.usage is None for chunk in chunks))

    def test_goes_a_round_with_a_tool(self):
        tools = [{"type": "function", "function": {"name": "get_weather", "parameters": WEATHER}}]
        question = [{"role": "user", "content": CALL}]
        asked = self.chat(messages=question, tools=tools).choices[0]
        self.assertEqual(asked.finish_reason, "tool_calls")
        call = asked.message.tool_calls[0]
        self.assertEqual(call.function.arguments, '{"city":"Brest"}')
        told = self.chat(tools=tools, messages=[*question, asked.message, {"role": "tool", "tool_call_id": call.id, "content": "12"}])
        self.assertEqual(told.choices[0].finish_reason, "stop")
        with self.client.chat.completions.stream(model=MODEL, messages=question, tools=[
                {"type": "function", "function": {"name": "get_weather", "parameters": WEATHER, "strict": True}}]) as stream:
            final = stream.get_final_completion()
        self.assertEqual(final.choices[0].message.tool_calls[0].function.name, "get_weather")

    def test_answers_a_response_and_the_next_one(self):
        first = self.client.responses.create(model="gpt-5.1", input="say hi")
        self.assertTrue(first.output_text.startswith(TEXT))
        self.assertEqual(first.usage.output_tokens, 12)
        second = self.client.responses.create(model="gpt-5.1", input="again", previous_response_id=first.id)
        self.assertTrue(second.output_text.startswith(TEXT))

    def test_streams_a_response(self):
        events = list(self.client.responses.create(model="gpt-5.1", input="say hi", stream=True))
        self.assertEqual((events[0].type, events[-1].type), ("response.created", "response.completed"))
        self.assertEqual(events[-1].response.usage.output_tokens, 12)
        with self.client.responses.stream(model="gpt-5.1", input=CALL, tools=[
                {"type": "function", "name": "get_weather", "parameters": WEATHER, "strict": True}]) as stream:
            final = stream.get_final_response()
        self.assertEqual(final.output[-1].type, "function_call")

    def test_embeds_texts(self):
        answer = self.client.embeddings.create(model="text-embedding-3-small", input=["ebb", "flood"])
        self.assertEqual(len(answer.data), 2)
        self.assertGreater(answer.usage.prompt_tokens, 0)

    def test_lists_models(self):
        self.assertIn(MODEL, [model.id for model in self.client.models.list()])

    # --- errors

    def test_raises_the_error_of_the_status(self):
        for name, error, status in (("400", openai.BadRequestError, 400), ("401", openai.AuthenticationError, 401),
                                    ("403", openai.PermissionDeniedError, 403), ("404", openai.NotFoundError, 404),
                                    ("rate=1", openai.RateLimitError, 429), ("500", openai.InternalServerError, 500),
                                    ("529", openai.InternalServerError, 529)):
            with self.subTest(name), self.assertRaises(error) as raised, new_client(max_retries=0) as client:
                client.chat.completions.create(model=refused_model("gpt", name), messages=HI, extra_headers=fault(name))
            self.assertEqual(raised.exception.status_code, status)

    def test_obeys_retry_after(self):
        with self.assertRaises(openai.RateLimitError), new_client(max_retries=1) as client, Answers() as answers:
            client.chat.completions.create(model=refused_model("gpt", "rate=2"), messages=HI, extra_headers=fault("rate=2"))
        self.assertEqual(answers.given(429), 2)
        self.assertGreaterEqual(answers.seconds, 1.95)

    def test_hears_of_a_stream_that_breaks_off(self):
        for name in ("cut=2", "reset_mid_stream=2", "truncate=2"):
            with self.subTest(name), self.assertRaises(Exception):
                for _ in self.chat(stream=True, extra_headers=fault(name)):
                    pass
            with self.subTest("responses " + name), self.assertRaises(Exception):
                for _ in self.client.responses.create(model="gpt-5.1", input="say hi", stream=True, extra_headers=fault(name)):
                    pass

    def test_hears_of_an_error_in_the_middle_of_a_stream(self):
        with self.assertRaises(openai.APIError):
            for _ in self.chat(stream=True, extra_headers=fault("error_event")):
                pass


if __name__ == "__main__":
    unittest.main(verbosity=1)
