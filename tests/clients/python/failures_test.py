# SPDX-License-Identifier: Apache-2.0
"""What a client hears when the provider fails in ways that have no answer: from a gateway whose deadlines are one second."""
import unittest

import anthropic
from simulator import Answers, fault

REQUEST = {"model": "claude-haiku-4-5", "max_tokens": 100, "messages": [{"role": "user", "content": "say hi"}]}


class FailuresTest(unittest.TestCase):
    def setUp(self):
        self.client = anthropic.Anthropic(timeout=60, max_retries=0)
        self.addCleanup(self.client.close)

    def raised(self, name, **options):
        with self.assertRaises(anthropic.APIError) as raised:
            answer = self.client.messages.create(**REQUEST, **options, extra_headers=fault(name))
            if options.get("stream"):
                list(answer)
        return raised.exception

    def test_hears_of_a_provider_that_hangs_up(self):
        for name in ("reset_before_head", "close_before_head", "garbage_head"):
            with self.subTest(name):
                error = self.raised(name)
                self.assertEqual((error.status_code, error.body["type"]), (502, "error"))
                self.assertTrue(error.request_id.startswith("req_tg"))

    def test_hears_of_a_provider_that_does_not_answer(self):
        error = self.raised("stall_before_head=30")
        self.assertEqual((error.status_code, error.body["type"]), (504, "error"))

    def test_hears_of_a_stream_that_stands_still(self):
        with self.assertRaises(Exception):
            list(self.client.messages.create(**REQUEST, stream=True, extra_headers=fault("stall_mid_stream=30")))

    def test_gets_through_a_provider_that_hangs_up_once(self):
        """The SDK's own retry: the first answer is the gateway's 502, the second the provider's."""
        calls = []

        def fail_first(request):
            calls.append(request)
            if len(calls) == 1:
                request.headers.update(fault("reset_before_head"))
            else:
                request.headers.pop("x-sim-fault", None)

        with anthropic.Anthropic(timeout=60, max_retries=2) as client, Answers() as answers:
            client._client.event_hooks["request"].append(fail_first)
            self.assertEqual(client.messages.create(**REQUEST).stop_reason, "end_turn")
        self.assertEqual((len(calls), answers.given(200)), (2, 1))

    def test_reads_what_comes_in_drops_and_splinters(self):
        for name in ("drip=0", "split", "close_delimited"):
            for stream in (False, True):
                with self.subTest(name, stream=stream):
                    answer = self.client.messages.create(**REQUEST, stream=stream, extra_headers=fault(name))
                    if stream:
                        self.assertEqual(list(answer)[-1].type, "message_stop")
                    else:
                        self.assertEqual(answer.usage.output_tokens, 12)


if __name__ == "__main__":
    unittest.main()
