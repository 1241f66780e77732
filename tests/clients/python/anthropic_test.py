# SPDX-License-Identifier: Apache-2.0
"""The Anthropic SDK for Python, either major: what it sends must come through, and what comes back must be understood."""
import asyncio
import os
import pathlib
import unittest

import anthropic
from simulator import Answers, fault, refused_model, stats

MODEL = "claude-haiku-4-5"
HI = [{"role": "user", "content": "say hi"}]
TEXT = "Hello from the simulator."
WEATHER = {"name": "get_weather", "description": "The weather of a city",
           "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}
IS_OLD = int(anthropic.__version__.split(".")[0]) < 2


def new_client(**options):
    return anthropic.Anthropic(timeout=60, **options)


class AnthropicTest(unittest.TestCase):
    def setUp(self):
        self.client = new_client()
        self.addCleanup(self.client.close)

    def create(self, **options):
        return self.client.messages.create(**({"model": MODEL, "max_tokens": 100, "messages": HI} | options))

    # --- answers

    def test_creates_a_message(self):
        answer = self.create()
        self.assertTrue(answer.content[0].text.startswith(TEXT))
        self.assertEqual((answer.usage.input_tokens, answer.usage.output_tokens), (5, 12))
        self.assertTrue(answer._request_id.startswith("req_"))

    def test_sees_the_providers_headers(self):
        raw = self.client.messages.with_raw_response.create(model=MODEL, max_tokens=100, messages=HI)
        for name in ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-input-tokens-reset", "anthropic-organization-id", "request-id"):
            self.assertIn(name, raw.headers)
        self.assertTrue(raw.parse().content[0].text.startswith(TEXT))

    def test_streams_raw_events(self):
        types = [event.type for event in self.create(stream=True)]
        self.assertEqual(types[0], "message_start")
        self.assertEqual(types[-1], "message_stop")
        self.assertGreater(types.count("content_block_delta"), 1)

    def test_streams_with_the_helper(self):
        with self.client.messages.stream(model=MODEL, max_tokens=100, messages=HI) as stream:
            text = "".join(stream.text_stream)
            final = stream.get_final_message()
        self.assertTrue(text.startswith(TEXT))
        self.assertEqual(final.usage.output_tokens, 12)
        self.assertEqual(final.stop_reason, "end_turn")

    def test_streams_thinking(self):
        with self.client.messages.stream(model=MODEL, max_tokens=4000, messages=HI,
                                         thinking={"type": "enabled", "budget_tokens": 1024}) as stream:
            types = {event.delta.type for event in stream if event.type == "content_block_delta"}
            final = stream.get_final_message()
        self.assertLessEqual({"thinking_delta", "signature_delta", "text_delta"}, types)
        self.assertEqual([block.type for block in final.content], ["thinking", "text"])

    def test_goes_a_round_with_a_tool(self):
        question = [{"role": "user", "content": 'USE_TOOL get_weather {"city": "Brest"}'}]
        for streamed in (False, True):
            with self.subTest(streamed=streamed):
                if streamed:
                    with self.client.messages.stream(model=MODEL, max_tokens=100, messages=question, tools=[WEATHER]) as stream:
                        asked = stream.get_final_message()
                else:
                    asked = self.create(messages=question, tools=[WEATHER])
                self.assertEqual(asked.stop_reason, "tool_use")
                call = asked.content[-1]
                self.assertEqual((call.name, call.input), ("get_weather", {"city": "Brest"}))
                told = self.create(tools=[WEATHER], messages=[*question, {"role": "assistant", "content": asked.content}, {
                    "role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "12 degrees"}]}])
                self.assertEqual(told.stop_reason, "end_turn")

    def test_sees_what_the_prompt_cache_did(self):
        system = [{"type": "text", "text": "A tide table. " * 2000, "cache_control": {"type": "ephemeral"}}]
        first = self.create(system=system).usage
        second = self.create(system=system).usage
        self.assertGreater(first.cache_creation_input_tokens, 4096)
        self.assertEqual(second.cache_read_input_tokens, first.cache_creation_input_tokens)

    def test_counts_tokens(self):
        self.assertEqual(self.client.messages.count_tokens(model=MODEL, messages=HI).input_tokens, 5)
        self.assertEqual(self.client.beta.messages.count_tokens(model=MODEL, messages=HI).input_tokens, 5)

    def test_lists_and_retrieves_models(self):
        self.assertIn(MODEL, [model.id for model in self.client.models.list(limit=1000)])
        self.assertEqual(self.client.models.retrieve(MODEL).id, MODEL)

    def test_runs_a_batch_to_its_results_through_the_gateway(self):
        batch = self.client.messages.batches.create(
            requests=[{"custom_id": "one", "params": {"model": MODEL, "max_tokens": 20, "messages": HI}}])
        ended = self.client.messages.batches.retrieve(batch.id)
        self.assertEqual(ended.processing_status, "ended")
        self.assertTrue(ended.results_url.startswith(os.environ["ANTHROPIC_BASE_URL"] + "/v1/"), ended.results_url)
        results = list(self.client.messages.batches.results(batch.id))
        self.assertEqual([(result.custom_id, result.result.type) for result in results], [("one", "succeeded")])
        self.assertIn(batch.id, [listed.id for listed in self.client.messages.batches.list()])

    def test_uploads_downloads_and_deletes_a_file(self):
        path = pathlib.Path(os.environ["WORK_DIR"]) / "tide table.txt"
        path.write_bytes(b"high\r\n\x00low\xff" * 5000)
        files = self.client.beta.files
        uploaded = files.upload(file=path)
        self.assertEqual((uploaded.filename, uploaded.size_bytes), (path.name, path.stat().st_size))
        self.assertEqual(files.download(uploaded.id).read(), path.read_bytes())
        self.assertIn(uploaded.id, [listed.id for listed in files.list()])
        self.assertEqual(files.delete(uploaded.id).id, uploaded.id)
        with self.assertRaises(anthropic.NotFoundError):
            files.retrieve_metadata(uploaded.id)

    def test_is_served_whichever_way_it_shows_its_key(self):
        for client in (new_client(api_key="some-key"), new_client(api_key=None, auth_token="some-token"),
                       new_client(api_key="a", default_headers={"authorization": "Bearer b", "x-api-key": "c"})):
            with client:
                self.assertEqual(client.messages.create(model=MODEL, max_tokens=10, messages=HI).stop_reason, "max_tokens")

    def test_serves_many_at_once(self):
        async def one(client, number):
            if number % 3 == 0:
                return await client.messages.create(model=MODEL, max_tokens=100, messages=HI, metadata={"user_id": f"user-{number}"})
            async with client.messages.stream(model=MODEL, max_tokens=100, messages=HI, extra_headers={
                    "x-sim-output-tokens": "60", "x-sim-event-delay-ms": str(number % 3)}) as stream:
                return await stream.get_final_message()

        async def everyone():
            async with anthropic.AsyncAnthropic(timeout=60) as client:
                return await asyncio.gather(*(one(client, number) for number in range(120)))

        for number, answer in enumerate(asyncio.run(everyone())):
            self.assertEqual(answer.usage.output_tokens, 12 if number % 3 == 0 else 60)

    # --- errors

    def test_raises_the_error_of_the_status(self):
        for name, error, status in (("400", anthropic.BadRequestError, 400), ("401", anthropic.AuthenticationError, 401),
                                    ("403", anthropic.PermissionDeniedError, 403), ("404", anthropic.NotFoundError, 404),
                                    ("413", anthropic.APIStatusError, 413), ("rate=1", anthropic.RateLimitError, 429),
                                    ("500", anthropic.InternalServerError, 500),
                                    ("502", anthropic.InternalServerError, 502), ("529", anthropic.APIStatusError, 529)):
            model = refused_model("claude", name)
            with self.subTest(name), self.assertRaises(error) as raised, new_client(max_retries=0) as client:
                client.messages.create(model=model, max_tokens=100, messages=HI, extra_headers=fault(name))
            self.assertEqual(raised.exception.status_code, status)
            self.assertTrue(raised.exception.response.headers["request-id"].startswith("req_"))

    def test_obeys_retry_after(self):
        with self.assertRaises(anthropic.RateLimitError), new_client(max_retries=1) as client, Answers() as answers:
            client.messages.create(model=refused_model("claude", "rate=2"), max_tokens=100, messages=HI, extra_headers=fault("rate=2"))
        self.assertEqual(answers.given(429), 2)
        self.assertGreaterEqual(answers.seconds, 1.95)  # its own first delay is at most half a second

    def test_retries_an_overload_as_often_as_it_would_alone(self):
        with self.assertRaises(anthropic.APIStatusError), new_client(max_retries=2) as client, Answers() as answers:
            client.messages.create(model=MODEL, max_tokens=100, messages=HI, extra_headers=fault("529"))
        self.assertEqual(answers.given(529), 3)

    def test_hears_of_a_stream_that_breaks_off(self):
        for name in ("cut=4", "reset_mid_stream=4", "truncate=4"):
            with self.subTest(name), self.assertRaises(Exception):
                for _ in self.create(stream=True, extra_headers=fault(name)):
                    pass

    def test_hears_of_an_error_in_the_middle_of_a_stream(self):
        with self.assertRaises(anthropic.APIError) as raised:
            for _ in self.create(stream=True, extra_headers=fault("error_event")):
                pass
        self.assertIn("Overloaded", str(raised.exception))

    def test_hears_of_an_answer_that_is_cut_short(self):
        with self.assertRaises(anthropic.APIConnectionError), new_client(max_retries=0) as client:
            client.messages.create(model=MODEL, max_tokens=100, messages=HI, extra_headers=fault("short_body"))

    def test_cancels_the_provider_when_it_closes_a_stream(self):
        before = stats()["cancelled"]
        with self.create(stream=True, extra_headers={"x-sim-event-delay-ms": "50", "x-sim-output-tokens": "100"}) as stream:
            next(iter(stream))
        while stats()["in_flight"] > 0:  # bounded by the time limit of the test
            pass
        self.assertEqual(stats()["cancelled"], before + 1)

    # --- the majors

    def test_sends_what_its_major_sends(self):
        request = self.client._build_request(anthropic._models.FinalRequestOptions(method="post", url="/v1/messages", json_data={}))
        self.assertEqual("x-api-key" in request.headers, IS_OLD)
        self.assertEqual(request.headers["anthropic-version"], "2023-06-01" if IS_OLD else "2026-10-21")


if __name__ == "__main__":
    unittest.main(verbosity=1)
