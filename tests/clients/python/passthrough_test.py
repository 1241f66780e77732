# SPDX-License-Identifier: Apache-2.0
"""`auth: passthrough`: the client's own credential goes upstream, so the answer is of the client's own organisation."""
import unittest

import anthropic
import openai
from simulator import Answers

REQUEST = {"model": "claude-haiku-4-5", "max_tokens": 100, "messages": [{"role": "user", "content": "say hi"}]}


def headers_for(**options):
    with anthropic.Anthropic(timeout=60, max_retries=0, **options) as client:
        return client.messages.with_raw_response.create(**REQUEST).headers


class PassthroughTest(unittest.TestCase):
    def test_goes_upstream_with_the_clients_own_credential(self):
        self.assertEqual(headers_for(api_key="key-a")["anthropic-organization-id"], "org-a")
        self.assertEqual(headers_for(api_key=None, auth_token="key-a")["anthropic-organization-id"], "org-a")
        self.assertEqual(headers_for(api_key="key-b")["anthropic-workspace-id"], "wrkspc_b")

    def test_hears_that_its_credential_is_wrong(self):
        with self.assertRaises(anthropic.AuthenticationError), Answers() as answers:
            headers_for(api_key="key-of-nobody")
        self.assertEqual(answers.given(401), 1)  # the provider's word, not the gateway's

    def test_keeps_the_limits_of_two_credentials_apart(self):
        before = int(headers_for(api_key="key-b")["anthropic-ratelimit-requests-remaining"])
        headers_for(api_key="key-a")
        self.assertGreaterEqual(int(headers_for(api_key="key-b")["anthropic-ratelimit-requests-remaining"]), before - 1)

    def test_does_the_same_in_openais_dialect(self):
        with openai.OpenAI(timeout=60, api_key="key-a") as client:
            raw = client.chat.completions.with_raw_response.create(model="gpt-4.1-mini", messages=REQUEST["messages"])
        self.assertEqual(raw.headers["openai-organization"], "org-a")


if __name__ == "__main__":
    unittest.main()
